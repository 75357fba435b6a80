from hypothesis import given
from hypothesis import strategies as st

from gateway.comparison import Difference, difference
from summit_inference.spans import Span


def _span(start: int, end: int, label: str = "PER", score: float = 0.9) -> Span:
    return Span("x" * (end - start), label, start, end, score)


def test_the_same_places_and_labels_are_the_same_whatever_their_scores() -> None:
    found = difference([_span(0, 3, score=0.9)], [_span(0, 3, score=0.4)])
    assert found == Difference(1, 0, 0, 0)
    assert found.is_none


def test_another_label_at_the_same_place_is_a_flip_and_nothing_else() -> None:
    assert difference([_span(0, 3, "PER")], [_span(0, 3, "ORG")]) == Difference(0, 0, 0, 1)


def test_another_end_is_one_missing_and_one_added() -> None:
    assert difference([_span(0, 3)], [_span(0, 4)]) == Difference(0, 1, 1, 0)


places = st.lists(
    st.tuples(st.integers(0, 6), st.integers(1, 3), st.sampled_from(["PER", "LOC"])),
    unique_by=lambda each: each[:2],
).map(lambda found: [_span(start, start + length, label) for start, length, label in found])


@given(places, places)
def test_every_span_of_both_answers_is_in_exactly_one_sum(live: list[Span], copy: list[Span]) -> None:
    found = difference(live, copy)
    assert found.common + found.label_flips + found.missing == len(live)
    assert found.common + found.label_flips + found.added == len(copy)
    swapped = difference(copy, live)
    assert (found.missing, found.added) == (swapped.added, swapped.missing)
    assert difference(live, live).is_none
