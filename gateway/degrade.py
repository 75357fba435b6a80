"""Who answers a request: the model, the fallback, or nobody. Pure: every row of docs/reference/degradation.md is here.

The gateway asks twice: before the model is asked (`plan`), and after the model failed (`reason_of`).
"""

from dataclasses import dataclass
from enum import StrEnum

from summit_inference import errors
from summit_inference.extraction import DegradedReason


class Policy(StrEnum):
    """What a caller thinks of the fallback's answers (`X-Degradation`, `?degradation=`, V2 parameter `degradation`)."""

    ALLOW = "allow"
    """An answer in time, whoever gives it. The default."""
    REFUSE = "refuse"
    """The model's answer or none: such as work that is sent again later anyway."""
    ONLY = "only"
    """The fallback's answer, without asking the model."""


class Standing(StrEnum):
    """What the gateway knows of a model version's readiness."""

    UNKNOWN = "unknown"
    """Nothing for a while: it may have been scaled to zero."""
    READY = "ready"
    NOT_READY = "not_ready"
    """It was asked, and is not; the gateway is waking it."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long the gateway waits for a model, in seconds. All are settings."""

    ask_seconds: float
    """For an answer, where the caller gave no deadline."""
    cold_wait_seconds: float
    """For a cold model to become ready, where the caller gave no deadline."""
    cold_start_seconds: float
    """What a cold start is expected to take: only a deadline beyond it is worth waiting for."""
    probe_seconds: float
    """For a model of unknown standing to say that it is ready."""


@dataclass(frozen=True, slots=True)
class Situation:
    """All that counts, at one moment of one request."""

    policy: Policy
    seconds_left: float | None
    """Until the caller's deadline, None without one."""
    fallback_seconds: float
    """What must stay for the fallback to answer in time."""
    standing: Standing = Standing.READY
    down_reason: DegradedReason = "cold"
    """Why it is not ready: `cold` if nobody has seen it fail."""
    is_switched_off: bool = False
    """By an operator: fallback only, or this version disabled."""
    breaker_reason: DegradedReason | None = None
    """Why the breaker lets nothing pass, None while it does."""
    has_capacity: bool = True
    has_rate: bool = True


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do. With a `reason`, the model is not asked, but may be waited for first."""

    reason: DegradedReason | None = None
    wait_seconds: float = 0.0
    """For the model to become ready, after which a new plan is made."""
    ask_seconds: float = 0.0
    """For the model's answer."""


def plan(situation: Situation, patience: Patience) -> Plan:
    """What to do before anything was asked of the model."""
    if reason := _shut_reason(situation):
        return Plan(reason)
    budget = _budget_seconds(situation)
    if budget is not None and budget <= 0:
        return Plan("timeout")
    if situation.standing is not Standing.READY:
        return Plan(_down_reason(situation), wait_seconds=_wait_seconds(situation, budget, patience))
    return Plan(ask_seconds=patience.ask_seconds if budget is None else min(budget, patience.ask_seconds))


def _shut_reason(situation: Situation) -> DegradedReason | None:
    if situation.policy is Policy.ONLY or situation.is_switched_off:
        return "flag"
    if situation.breaker_reason:
        return situation.breaker_reason
    if not situation.has_capacity:
        return "overloaded"
    return None if situation.has_rate else "throttled"


def _budget_seconds(situation: Situation) -> float | None:
    """What the model may use of the caller's time."""
    if situation.seconds_left is None:
        return None
    kept = 0.0 if situation.policy is Policy.REFUSE else situation.fallback_seconds
    return situation.seconds_left - kept


def _down_reason(situation: Situation) -> DegradedReason:
    return situation.down_reason if situation.standing is Standing.NOT_READY else "cold"


def _wait_seconds(situation: Situation, budget: float | None, patience: Patience) -> float:
    probe = patience.probe_seconds if situation.standing is Standing.UNKNOWN else 0.0
    if _down_reason(situation) != "cold":
        return 0.0
    if budget is None:
        return max(probe, patience.cold_wait_seconds)
    is_worth_it = situation.policy is Policy.REFUSE or budget >= patience.cold_start_seconds
    return budget if is_worth_it else min(probe, budget)


def reason_of(error: errors.SummitError, *, has_route: bool) -> DegradedReason | None:
    """Why the model did not answer, by what the call upstream raised; None where it is the caller's own fault.

    A version that is not there is the caller's fault only where the caller chose it: with `has_route`, the gateway did.
    """
    if isinstance(error, errors.ModelVersionNotFound):
        return "broken" if has_route else None
    return _REASONS.get(type(error), "broken")


_REASONS: dict[type[errors.SummitError], DegradedReason | None] = {
    errors.InvalidRequest: None,
    errors.TooLarge: None,
    errors.DeadlineExceeded: "timeout",
    errors.ModelNotReady: "cold",
    errors.Overloaded: "overloaded",
    errors.Throttled: "throttled",
}


def refusal(reason: DegradedReason, retry_after_seconds: float = 1.0) -> errors.BusyError:
    """What a caller gets who takes no answer of the fallback."""
    sentence = f"The model cannot answer ({_SAID[reason]}), and the fallback is refused; send the request again later."
    kind = {"overloaded": errors.Overloaded, "throttled": errors.Throttled}.get(reason, errors.DegradedRefused)
    return kind(sentence, retry_after_seconds=retry_after_seconds)


_SAID: dict[DegradedReason, str] = {
    "cold": "it is starting",
    "timeout": "not in the time that is given",
    "overloaded": "it has too much to do",
    "broken": "it fails",
    "throttled": "its rate is limited",
    "flag": "it is switched off",
}
