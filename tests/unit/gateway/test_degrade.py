"""The pure half of docs/reference/degradation.md; the other half is tests/contract/gateway/test_degradation.py."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.degrade import Patience, Plan, Policy, Situation, Standing, plan, reason_of, refusal
from summit_inference import errors
from summit_inference.status import error_kinds

PATIENCE = Patience(ask_seconds=30, cold_wait_seconds=0, cold_start_seconds=20, probe_seconds=0.03)
CALM = Situation(Policy.ALLOW, seconds_left=None, fallback_seconds=0.05)


@pytest.mark.parametrize(
    ("situation", "expected"),
    [
        pytest.param(CALM, Plan(ask_seconds=30), id="no deadline: the model may take our own patience"),
        pytest.param(
            replace(CALM, seconds_left=1.0), Plan(ask_seconds=0.95), id="a deadline: the fallback's time is kept"
        ),
        pytest.param(
            replace(CALM, seconds_left=1.0, policy=Policy.REFUSE),
            Plan(ask_seconds=1.0),
            id="no fallback wanted: nothing is kept for it",
        ),
        pytest.param(replace(CALM, seconds_left=99), Plan(ask_seconds=30), id="a long deadline: our patience counts"),
        pytest.param(replace(CALM, seconds_left=0.05), Plan("timeout"), id="only the fallback can be in time"),
        pytest.param(replace(CALM, seconds_left=-1), Plan("timeout"), id="the deadline is over"),
        pytest.param(replace(CALM, policy=Policy.ONLY), Plan("flag"), id="the caller wants the fallback"),
        pytest.param(replace(CALM, is_switched_off=True), Plan("flag"), id="the operator wants the fallback"),
        pytest.param(replace(CALM, breaker_reason="timeout"), Plan("timeout"), id="the breaker is open"),
        pytest.param(replace(CALM, has_capacity=False), Plan("overloaded"), id="no capacity"),
        pytest.param(replace(CALM, has_rate=False), Plan("throttled"), id="no rate"),
    ],
)
def test_what_is_done_while_the_model_is_ready(situation: Situation, expected: Plan) -> None:
    assert plan(situation, PATIENCE) == expected


COLD = replace(CALM, standing=Standing.NOT_READY)
UNKNOWN = replace(CALM, standing=Standing.UNKNOWN)


@pytest.mark.parametrize(
    ("situation", "patience", "wait_seconds"),
    [
        pytest.param(COLD, PATIENCE, 0, id="no deadline, and no patience set"),
        pytest.param(COLD, replace(PATIENCE, cold_wait_seconds=40), 40, id="no deadline, with patience set"),
        pytest.param(replace(COLD, seconds_left=5.0), PATIENCE, 0, id="a deadline before a cold start is over"),
        pytest.param(replace(COLD, seconds_left=25.05), PATIENCE, 25, id="a deadline beyond it"),
        pytest.param(
            replace(COLD, seconds_left=5.0, policy=Policy.REFUSE), PATIENCE, 5, id="no fallback wanted: all of the time"
        ),
        pytest.param(
            replace(COLD, seconds_left=99.0, down_reason="broken"), PATIENCE, 0, id="broken is not worth waiting for"
        ),
        pytest.param(UNKNOWN, PATIENCE, 0.03, id="unknown: the probe"),
        pytest.param(replace(UNKNOWN, seconds_left=0.06), PATIENCE, 0.01, id="unknown, and less time than the probe"),
    ],
)
def test_how_long_a_model_that_is_not_ready_is_waited_for(
    situation: Situation, patience: Patience, wait_seconds: float
) -> None:
    made = plan(situation, patience)
    assert made.wait_seconds == pytest.approx(wait_seconds)
    assert made.reason == situation.down_reason


@given(
    policy=st.sampled_from(Policy),
    seconds_left=st.none() | st.floats(-10, 1000),
    standing=st.sampled_from(Standing),
    cold_wait=st.floats(0, 100),
)
def test_a_plan_never_spends_more_than_the_caller_has(
    policy: Policy, seconds_left: float | None, standing: Standing, cold_wait: float
) -> None:
    situation = replace(CALM, policy=policy, seconds_left=seconds_left, standing=standing)
    made = plan(situation, replace(PATIENCE, cold_wait_seconds=cold_wait))
    assert made.ask_seconds >= 0
    assert made.wait_seconds >= 0
    assert bool(made.reason) != bool(made.ask_seconds)
    if seconds_left is not None:
        kept = 0 if policy is Policy.REFUSE else CALM.fallback_seconds
        assert made.ask_seconds + made.wait_seconds <= max(0, seconds_left - kept)


CALLERS_OWN = {errors.InvalidRequest, errors.TooLarge, errors.ModelVersionNotFound}


@pytest.mark.parametrize("kind", sorted(set(error_kinds()), key=str))
def test_every_error_has_a_reason_but_those_of_the_caller(kind: type[errors.SummitError]) -> None:
    assert (reason_of(kind("x"), has_route=False) is None) == (kind in CALLERS_OWN)


def test_a_version_that_is_missing_where_our_own_routes_lead_is_not_the_callers_fault() -> None:
    assert reason_of(errors.ModelVersionNotFound("x"), has_route=True) == "broken"


@pytest.mark.parametrize(
    ("reason", "kind"),
    [("overloaded", errors.Overloaded), ("throttled", errors.Throttled), ("cold", errors.DegradedRefused)],
)
def test_a_refusal_says_when_to_come_back(reason: str, kind: type[errors.BusyError]) -> None:
    error = refusal(reason, retry_after_seconds=7)  # type: ignore[arg-type] # a literal
    assert (type(error), error.retry_after_seconds) == (kind, 7)
