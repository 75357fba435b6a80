"""When an open loop sends."""

from itertools import pairwise

import pytest

from bench.open_loop import send_times


def test_the_times_are_fixed_beforehand_and_grow() -> None:
    times = send_times(20.0, 50.0)
    assert times == sorted(times) == send_times(20.0, 50.0)
    assert times[0] > 0
    assert times[-1] < 50.0


def test_there_are_as_many_as_the_rate_says() -> None:
    assert len(send_times(20.0, 500.0)) == pytest.approx(10_000, rel=0.03)


def test_callers_are_independent_so_that_gaps_vary_as_much_as_they_last() -> None:
    times = send_times(20.0, 500.0)
    gaps = [later - earlier for earlier, later in pairwise(times)]
    mean = sum(gaps) / len(gaps)
    variance = sum((gap - mean) ** 2 for gap in gaps) / len(gaps)
    assert variance == pytest.approx(mean**2, rel=0.1)
