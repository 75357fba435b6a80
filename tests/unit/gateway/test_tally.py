import pytest
from prometheus_client import REGISTRY
from unit.gateway.fake_clock import FakeClock

from gateway.caller import Caller, Outcome
from gateway.tally import WINDOW_SECONDS, Tally, Traffic
from summit_inference.context import RequestContext


def ended(
    clock: FakeClock, outcome: Outcome = Outcome.MODEL, *, seconds: float = 0.0, is_batch: bool = False
) -> Caller:
    caller = Caller(RequestContext("r", is_batch=is_batch), clock() - seconds, model_version="77")
    caller.outcome = outcome
    return caller


def test_a_request_is_counted_once_however_often_it_ends() -> None:
    clock = FakeClock()
    tally, caller = Tally(clock), ended(clock)
    labels = {"model_version": "77", "outcome": "model", "traffic": "live"}
    before = REGISTRY.get_sample_value("ai_requests_total", labels) or 0
    tally.count(caller)
    tally.count(caller)
    assert REGISTRY.get_sample_value("ai_requests_total", labels) == before + 1
    assert tally.recent("77", is_live=True).outcomes == {"model": 1}


def test_live_callers_and_batch_work_are_told_apart() -> None:
    clock = FakeClock()
    tally = Tally(clock)
    tally.count(ended(clock))
    tally.count(ended(clock, Outcome.REFUSED, is_batch=True))
    assert tally.recent("77", is_live=True).outcomes == {"model": 1}
    assert tally.recent("77", is_live=False).outcomes == {"refused": 1}


def test_what_is_older_than_the_window_is_forgotten() -> None:
    clock = FakeClock()
    tally = Tally(clock)
    tally.count(ended(clock))
    assert tally.recent_versions() == {"77"}
    clock.now += WINDOW_SECONDS + 1
    assert tally.recent_versions() == set()
    assert tally.recent("77", is_live=True).requests == 0


def test_only_answers_have_a_latency() -> None:
    clock = FakeClock()
    tally = Tally(clock)
    tally.count(ended(clock, Outcome.ERROR, seconds=9))
    assert tally.recent("77", is_live=True).quantile_seconds(0.5) is None
    tally.count(ended(clock, Outcome.DEGRADED, seconds=2))
    assert tally.recent("77", is_live=True).quantile_seconds(0.5) == pytest.approx(2)


@pytest.mark.parametrize(("share", "seconds"), [(0.0, 1), (0.5, 51), (0.95, 96), (0.99, 100), (1.0, 100)])
def test_a_quantile_is_an_answer_that_was_given(share: float, seconds: float) -> None:
    assert Traffic({}, range(1, 101)).quantile_seconds(share) == seconds
