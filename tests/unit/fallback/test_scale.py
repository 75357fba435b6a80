from importlib.resources import files
from math import isclose

from hypothesis import given, settings
from hypothesis import strategies as st

from fallback.candidates import stretches
from fallback.data.fit import clues
from fallback.lexicon import lexicon
from fallback.reading import read
from fallback.scale import scale
from fallback.weights import parsed, total

LEARNT = parsed((files("fallback") / "data" / "weights.tsv").read_text("utf-8"))
WORDS = st.sampled_from(
    ["Angela", "Merkel", "Bank", "of", "England", "Inc.", "said", "in", "Paris", "J.", ".", "the", "New", "York"]
)


@settings(deadline=None)  # the first text waits for the lists
@given(st.lists(WORDS, min_size=1, max_size=20).map(" ".join))
def test_the_scale_weighs_what_the_fit_has_learnt(text: str) -> None:
    """The scale keeps partial sums, the fit lists the clues of a candidate one by one: both must see the same."""
    reading = read(text, lexicon())
    for run in reading.runs():
        candidates = scale().candidates(reading, run)
        assert [(c.start, c.end) for c in candidates] == list(stretches(reading, run))
        for candidate in candidates:
            one_by_one = total(clues(reading, candidate.start, candidate.end), LEARNT)
            assert all(isclose(a, b, abs_tol=1e-9) for a, b in zip(candidate.odds, one_by_one, strict=True))
