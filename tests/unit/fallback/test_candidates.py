from itertools import pairwise, product
from math import exp, isclose, prod

from hypothesis import given
from hypothesis import strategies as st

from fallback.candidates import CROWD, LONGEST, LONGEST_IN_A_CROWD, Candidate, chosen, probabilities, stretches
from fallback.reading import read
from fallback.weights import Odds

ODDS = st.tuples(*[st.floats(-5, 5)] * 3)
RUN = range(3, 6)
PLACES = [(3, 4), (3, 5), (3, 6), (4, 5), (4, 6), (5, 6)]


def counted(candidates: list[Candidate]) -> list[float]:
    """The share of each candidate, by listing every way to read the run."""
    subsets = (
        [candidate for candidate, used in zip(candidates, way, strict=True) if used]
        for way in product((False, True), repeat=len(candidates))
    )
    ways = [(way, prod(sum(map(exp, candidate.odds)) for candidate in way)) for way in subsets if is_apart(way)]
    whole = sum(weight for _, weight in ways)
    return [sum(weight for way, weight in ways if candidate in way) / whole for candidate in candidates]


def is_apart(candidates: list[Candidate]) -> bool:
    return all(one.end <= other.start for one, other in pairwise(candidates))


@given(st.lists(ODDS, min_size=len(PLACES), max_size=len(PLACES)))
def test_a_probability_is_the_share_of_all_ways_to_read_the_run(odds: list[Odds]) -> None:
    candidates = [Candidate(*place, each) for place, each in zip(PLACES, odds, strict=True)]
    shares = [sum(each) for each in probabilities(RUN, candidates)]
    assert all(isclose(share, truth, rel_tol=1e-6) for share, truth in zip(shares, counted(candidates), strict=True))


@given(ODDS)
def test_a_single_word_needs_no_detour(odds: Odds) -> None:
    (found,) = probabilities(range(1), [Candidate(0, 1, odds)])
    whole = 1 + sum(map(exp, odds))
    assert all(isclose(share, exp(each) / whole, rel_tol=1e-9) for share, each in zip(found, odds, strict=True))


def test_the_strongest_clues_stay_within_a_float() -> None:
    run = range(24)
    candidates = [Candidate(at, at + 1, (1e6, 1e6, 1e6)) for at in run]
    assert all(isclose(sum(each), 1, abs_tol=1e-6) for each in probabilities(run, candidates))


def test_a_candidate_is_chosen_with_its_likeliest_label_if_it_is_probable_enough() -> None:
    candidates = [Candidate(0, 1, (0.0, 3.0, 0.0))]
    (choice,) = chosen(range(1), candidates, at_least=0.5)
    assert choice.label == "ORG"
    assert chosen(range(1), candidates, at_least=0.95) == []


def test_candidates_begin_and_end_with_names_and_are_not_too_long() -> None:
    reading = read("Bank of England " + "Ada " * (CROWD - 3), {})
    places = list(stretches(reading, next(iter(reading.runs()))))
    assert (0, 3) in places
    assert (0, 2) not in places
    assert max(end - start for start, end in places) == LONGEST


def test_only_short_names_are_looked_for_in_a_crowd() -> None:
    reading = read("Ada " * (CROWD + 1), {})
    places = stretches(reading, next(iter(reading.runs())))
    assert max(end - start for start, end in places) == LONGEST_IN_A_CROWD
