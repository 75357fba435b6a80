import pytest
from hypothesis import given
from hypothesis import strategies as st
from unit.gateway.fake_clock import FakeClock

from gateway.rate import Rate


def passed(rate: Rate) -> bool:
    if rate.seconds_until_free():
        return False
    rate.take()
    return True


def test_a_second_of_requests_may_come_at_once_and_no_more() -> None:
    rate = Rate(3, FakeClock())
    assert [passed(rate) for _ in range(4)] == [True, True, True, False]


def test_it_says_how_long_to_wait() -> None:
    clock = FakeClock()
    rate = Rate(2, clock)
    passed(rate)
    passed(rate)
    assert rate.seconds_until_free() == pytest.approx(0.5)
    clock.pass_seconds(0.5)
    assert passed(rate)


def test_a_rate_below_one_lets_one_through_at_a_time() -> None:
    clock = FakeClock()
    rate = Rate(0.1, clock)
    assert (passed(rate), passed(rate)) == (True, False)
    clock.pass_seconds(10)
    assert passed(rate)


def test_a_rate_of_zero_lets_nothing_through() -> None:
    clock = FakeClock()
    rate = Rate(0, clock)
    clock.pass_seconds(1e6)
    assert rate.seconds_until_free() == float("inf")


@given(st.floats(0.5, 50), st.lists(st.floats(0, 2), min_size=1, max_size=100))
def test_never_more_than_the_rate_and_one_second_of_burst_pass(per_second: float, pauses: list[float]) -> None:
    clock = FakeClock()
    rate = Rate(per_second, clock)
    count = 0
    for pause in pauses:
        clock.pass_seconds(pause)
        count += passed(rate)
    assert count <= max(1, per_second) + sum(pauses) * per_second + 1e-6
