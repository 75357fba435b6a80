"""How a status changes: into a phase, with the decision that people read. Pure."""

from typing import Any

from rollout.phase import Phase
from rollout.state import KEPT_DECISIONS, KEPT_OUTCOMES, DecisionRecord, ExactVersion, Outcome, Point, Status

KEPT_POINTS = 240
_KEPT_ORDERS = 20


def entered(status: Status, phase: Phase, now: float, code: str, sentence: str, **changes: Any) -> Status:
    """The status in the phase, with the decision recorded."""
    percent = changes.get("percent", status.percent)
    record = DecisionRecord(
        number=(status.decisions[-1].number if status.decisions else 0) + 1, at=now, phase=phase, percent=percent,
        rollout_id=changes.get("rollout_id", status.rollout_id), sentence=sentence, code=code,
    )  # fmt: skip
    return status.model_copy(
        update={
            "phase": phase,
            "phase_at": now,
            "code": code,
            "reason": sentence,
            "decisions": (*status.decisions, record)[-KEPT_DECISIONS:],
            **changes,
        }
    )


def cleared(status: Status, model_name: str, candidate: ExactVersion, now: float) -> Status:
    """The status before a new rollout of this candidate, with nothing left of the one before but its outcome."""
    attempts = status.attempts + 1
    return Status(
        rollout_id=f"{model_name}-{candidate.version}-r{attempts}", attempts=attempts, began_at=now,
        candidate=candidate, champion=status.champion, orders_done=status.orders_done, decisions=status.decisions,
        announced=status.announced, outcomes=status.outcomes,
    )  # fmt: skip


def over(status: Status, phase: Phase, now: float, sentence: str, **changes: Any) -> Status:
    """The status of a rollout that has ended so, with its outcome among the last ones. Its code and reason stay."""
    if status.candidate is None:
        raise ValueError("no rollout without a candidate")
    outcome = Outcome(
        rollout_id=status.rollout_id, candidate=status.candidate, champion=status.champion, phase=phase,
        code=status.code, reason=status.reason, began_at=status.began_at, ended_at=now,
    )  # fmt: skip
    ended = entered(status, phase, now, status.code, sentence, held_at=None, resume_phase=None, **changes)
    return ended.model_copy(update={"reason": outcome.reason, "outcomes": (*status.outcomes, outcome)[-KEPT_OUTCOMES:]})


def with_order_done(status: Status, order_id: str) -> Status:
    """The status that will not follow this order again."""
    return status.model_copy(update={"orders_done": (*status.orders_done, order_id)[-_KEPT_ORDERS:]})


def with_point(status: Status, point: Point) -> Status:
    """The status with one point more on its plots; every other old one is left out when they are too many."""
    points = status.points
    if len(points) >= KEPT_POINTS:
        points = (*points[:-1:2], points[-1])
    return status.model_copy(update={"points": (*points, point)})
