import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollout.evidence import Comparison, Counters, Sample, Tally, fresh_counts, merged, total


def _sample(at: float, **answered: int) -> Sample:
    """One version at several gateways."""
    return Sample(at=at, readings={name: {"2": Counters(live=Tally(answered=n))} for name, n in answered.items()})


def _answered(before: Sample | None, after: Sample) -> int:
    return fresh_counts(before, after, "2").live.answered


def test_the_first_sample_is_where_counting_begins() -> None:
    assert _answered(None, _sample(1, a=500)) == 0


def test_only_what_is_new_counts() -> None:
    assert _answered(_sample(1, a=500), _sample(2, a=507)) == 7


@pytest.mark.parametrize("at", [1, 0.5])
def test_a_repeated_or_older_sample_adds_nothing(at: float) -> None:
    assert _answered(_sample(1, a=500), _sample(at, a=900)) == 0


def test_a_gateway_that_began_anew_counts_from_its_zero() -> None:
    assert _answered(_sample(1, a=500), _sample(2, a=3)) == 3


def test_a_gateway_that_is_new_counts_from_its_zero() -> None:
    assert _answered(_sample(1, a=500), _sample(2, a=500, b=40)) == 40


def test_a_gateway_that_was_silent_for_a_while_is_not_counted_twice() -> None:
    first, silent, back = _sample(1, a=500, b=100), _sample(2, a=510), _sample(3, a=510, b=130)
    assert _answered(merged(first, silent), back) == 30


def test_a_reset_of_one_member_is_a_reset_of_all() -> None:
    before = Sample(at=1, readings={"a": {"2": Counters(live=Tally(answered=5), comparison=Comparison(compared=50))}})
    after = Sample(at=2, readings={"a": {"2": Counters(live=Tally(answered=6), comparison=Comparison(compared=2))}})
    counted = fresh_counts(before, after, "2")
    assert (counted.live.answered, counted.comparison.compared) == (6, 2)


@given(st.lists(st.integers(0, 50), min_size=2, max_size=20), st.data())
def test_sums_of_differences_are_the_whole_whichever_readings_are_lost(grown: list[int], data: st.DataObject) -> None:
    totals = [sum(grown[: at + 1]) for at in range(len(grown))]
    seen = sorted({0, len(grown) - 1, *data.draw(st.sets(st.integers(0, len(grown) - 1)))})
    last, counted = None, 0
    for at in seen:
        sample = _sample(float(at + 1), a=totals[at])
        counted += _answered(last, sample)
        last = merged(last, sample)
    assert counted == totals[-1] - totals[0]


def test_a_sum_has_every_member() -> None:
    one = Counters(live=Tally(answered=1, failed=2, excluded=3, timed=4, slow=5), predictor_answered=6)
    assert total([one, one]).live == Tally(answered=2, failed=4, excluded=6, timed=8, slow=10)
    assert total([one, one]).predictor_answered == 12
    assert total([]) == Counters()


def test_a_difference_of_two_counters_that_falls_by_one_is_no_new_process() -> None:
    before = Sample(at=1, readings={"a": {"2": Counters(live=Tally(answered=90, timed=100, slow=8, excluded=3))}})
    after = Sample(at=2, readings={"a": {"2": Counters(live=Tally(answered=95, timed=106, slow=7, excluded=2))}})
    assert fresh_counts(before, after, "2").live == Tally(answered=5, timed=6, slow=-1, excluded=-1)
