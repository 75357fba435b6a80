"""When lanes count as healthy, and when a dead one gets another try."""

from typing import Protocol

import pytest

from predictor.supervision import Supervision, SupervisionLimits

LIMITS = SupervisionLimits(restarts_per_hour=2, failures_in_row=3, stall_seconds=60)


class MovableClock(Protocol):
    now: float

    def __call__(self) -> float: ...


@pytest.fixture
def supervision(clock: MovableClock) -> Supervision:
    watched = Supervision(LIMITS, lanes=2, clock=clock)
    watched.became_warm(0)
    watched.became_warm(1)
    return watched


def test_it_is_unhealthy_until_every_lane_is_warm(clock: MovableClock) -> None:
    watched = Supervision(LIMITS, lanes=2, clock=clock)
    watched.became_warm(0)
    assert watched.is_any_warm
    assert not watched.is_healthy([])
    watched.became_warm(1)
    assert watched.is_healthy([None, None])


def test_a_dead_lane_is_unhealthy_until_its_successor_is_warm(supervision: Supervision) -> None:
    assert supervision.died(0)
    assert not supervision.is_healthy([])
    supervision.became_warm(0)
    assert supervision.is_healthy([])


def test_lanes_that_keep_dying_are_not_started_again(supervision: Supervision, clock: MovableClock) -> None:
    assert [supervision.died(0) for _ in range(3)] == [True, True, False]
    clock.now += 3601
    assert supervision.died(0)


def test_failures_in_a_row_are_the_model_s_fault(supervision: Supervision) -> None:
    supervision.answered([True, True])
    assert supervision.is_healthy([])
    supervision.answered([True])
    assert not supervision.is_healthy([])


def test_failures_with_successes_between_them_are_poison(supervision: Supervision) -> None:
    supervision.answered([True, True, False, True, True])
    assert supervision.is_healthy([])


def test_a_batch_that_never_ends_is_a_stall(supervision: Supervision, clock: MovableClock) -> None:
    began = clock.now
    clock.now += 59
    assert supervision.is_healthy([None, began])
    clock.now += 2
    assert not supervision.is_healthy([None, began])
