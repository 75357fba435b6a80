from rollout.events import cloud_event, event_type
from rollout.phase import Phase
from rollout.state import DecisionRecord

RECORD = DecisionRecord(
    number=7, at=1_767_225_600.0, rollout_id="summit-extract-2-r1", phase=Phase.ROLLED_BACK, percent=0,
    sentence="version 1 serves everything", code="errors",
)  # fmt: skip


def test_a_decision_is_a_cloud_event() -> None:
    event = cloud_event(RECORD, "summit-extract")
    assert event["type"] == "ai.summit.rollout.rolledback.v1"
    assert (event["specversion"], event["subject"]) == ("1.0", "summit-extract-2-r1")
    assert event["time"] == "2026-01-01T00:00:00Z"


def test_the_same_decision_told_again_has_the_same_id() -> None:
    assert cloud_event(RECORD, "m")["id"] == cloud_event(RECORD, "m")["id"] == "summit-extract-2-r1-7"


def test_every_phase_has_a_type() -> None:
    assert {event_type(phase) for phase in Phase} >= {
        f"ai.summit.rollout.{name}.v1"
        for name in ("started", "progressed", "held", "gated", "promoted", "failing", "rolledback", "suspended")
    }
