"""A rollout's decisions as CloudEvents, `ai.summit.rollout.*.v1`. Pure.

Delivery is at least once: an event's id is the rollout and the decision's number, so that a repetition is recognised.
"""

from collections.abc import Mapping
from datetime import UTC, datetime

from rollout.phase import Phase
from rollout.state import DecisionRecord

_TYPES: Mapping[Phase, str] = {
    Phase.VALIDATING: "started",
    Phase.DARK: "progressed",
    Phase.SMOKE: "progressed",
    Phase.SHADOW: "progressed",
    Phase.RAMP: "progressed",
    Phase.HELD: "held",
    Phase.GATE: "gated",
    Phase.PROMOTING: "progressed",
    Phase.SOAK: "progressed",
    Phase.PROMOTED: "promoted",
    Phase.ROLLING_BACK: "failing",
    Phase.ROLLED_BACK: "rolledback",
    Phase.SUSPENDED: "suspended",
    Phase.IDLE: "progressed",
}


def event_type(phase: Phase) -> str:
    """The type of the event for a decision that led to this phase."""
    return f"ai.summit.rollout.{_TYPES[phase]}.v1"


def cloud_event(decision: DecisionRecord, model_name: str) -> dict[str, object]:
    """The event in structured mode: the JSON document that is sent as `application/cloudevents+json`."""
    return {
        "specversion": "1.0",
        "id": f"{decision.rollout_id}-{decision.number}",
        "source": f"/summit/rollout/{model_name}",
        "type": event_type(decision.phase),
        "subject": decision.rollout_id,
        "time": datetime.fromtimestamp(decision.at, UTC).isoformat().replace("+00:00", "Z"),
        "datacontenttype": "application/json",
        "data": {
            "rollout_id": decision.rollout_id,
            "model": model_name,
            "phase": str(decision.phase),
            "percent": decision.percent,
            "code": decision.code,
            "reason": decision.sentence,
        },
    }
