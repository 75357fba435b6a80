"""The phases in which a candidate proves itself: Shadow, Ramp, Held, Gate. Pure."""

from rollout.endings import condemned, undone
from rollout.judge import AGREEMENT, WAIVABLE, Judgement
from rollout.ledger import with_new_step
from rollout.phase import Phase
from rollout.projection import quiet
from rollout.state import Status, Verdict
from rollout.transition import entered, with_order_done
from rollout.turn import MINUTE, Plan, Turn

UNDECIDED = "undecided"
"""Held for want of a verdict: more evidence of the same kind is all that helps."""


def shadow(turn: Turn) -> Plan:
    """Copies of callers' requests, until they prove enough or time is up."""
    turn, judgement = turn.looked()
    if judgement.verdict is Verdict.BAD:
        return condemned(turn, judgement)
    effect = turn.traffic(0, may_rise=False) or turn.shadow(turn.policy.shadow.percent)
    if effect:
        return Plan(turn.status, effect)
    return _shown(turn, judgement)


def _shown(turn: Turn, judgement: Judgement) -> Plan:
    """What the copies have shown so far."""
    hindrance, policy = judgement.hindrance, turn.policy.shadow
    if hindrance and hindrance.rule == AGREEMENT:
        return Plan(gated(turn, Phase.SHADOW, hindrance.sentence))
    if judgement.verdict is Verdict.OK and turn.minutes >= policy.minutes_at_least:
        return Plan(at_step(turn, turn.status, 0, "the copies are answered well"))
    if turn.minutes < policy.minutes_at_most:
        return quiet(turn)
    if hindrance:
        return Plan(_stopped(turn, "held", hindrance.sentence))
    return Plan(at_step(turn, turn.status, 0, "the time for copies is up, and nothing speaks against it"))


def ramp(turn: Turn) -> Plan:
    """One share of the callers' requests, until it is proven."""
    turn, judgement = turn.looked()
    if judgement.verdict is Verdict.BAD:
        return condemned(turn, judgement)
    hindrance = judgement.hindrance
    effect = turn.traffic(turn.status.percent, may_rise=hindrance is None) or turn.shadow(0)
    if effect:
        return Plan(turn.status, effect)
    if hindrance:
        return Plan(_stopped(turn, "held", hindrance.sentence))
    if judgement.verdict is Verdict.OK:
        return quiet(turn) if turn.minutes < turn.policy.steps[turn.status.step].minutes else Plan(_proven(turn))
    if turn.minutes >= turn.policy.held.after_minutes:
        return Plan(_stopped(turn, UNDECIDED, _first_hold(judgement)))
    return quiet(turn)


def held(turn: Turn) -> Plan:
    """Neither forwards nor back: traffic stays as it is until evidence, a human or the clock decides."""
    turn, judgement = turn.looked()
    status = turn.status
    if judgement.verdict is Verdict.BAD:
        return condemned(turn, judgement)
    effect = turn.traffic(status.percent, may_rise=False)
    if effect:
        return Plan(status, effect)
    is_decided = judgement.verdict is Verdict.OK
    if is_decided or (judgement.hindrance is None and status.code != UNDECIDED):
        return Plan(_resumed(turn, "nothing hinders it any more"))
    if approved := _approved(turn, judgement):
        return Plan(approved)
    return _overdue(turn, judgement) or quiet(turn)


def gate(turn: Turn) -> Plan:
    """A human, or a URL, decides; meanwhile the candidate is judged on."""
    turn, judgement = turn.looked()
    if judgement.verdict is Verdict.BAD:
        return condemned(turn, judgement)
    effect = turn.traffic(turn.status.percent, may_rise=False)
    if effect:
        return Plan(turn.status, effect)
    if turn.world.is_approved is False and turn.policy.approval_url:
        return undone(turn, "disapproved", "the approval URL refuses the promotion")
    if approved := _approved(turn, judgement):
        return Plan(approved)
    return _overdue(turn, judgement) or quiet(turn)


def at_step(turn: Turn, status: Status, step: int, why: str) -> Status:
    """The status at a step of the ramp, with evidence of its own to come."""
    percent = turn.policy.steps[step].percent
    ledger = with_new_step(status.ledger, turn.now)
    return entered(
        status, Phase.RAMP, turn.now, "advanced", f"{why}; {percent}% of the requests next",
        step=step, percent=percent, ledger=ledger, held_at=None, resume_phase=None,
    )  # fmt: skip


def gated(turn: Turn, resume: Phase, why: str) -> Status:
    """The status at a gate."""
    return entered(turn.status, Phase.GATE, turn.now, "gated", why, held_at=turn.now, resume_phase=resume)


def _proven(turn: Turn) -> Status:
    status, policy = turn.status, turn.policy
    proven = f"{status.percent}% is proven"
    if status.step + 1 < len(policy.steps):
        return at_step(turn, status, status.step + 1, proven)
    if policy.approve_promotion or policy.approval_url:
        return gated(turn, Phase.PROMOTING, f"{proven}; the promotion waits for an approval")
    return _promoting(turn, proven)


def _promoting(turn: Turn, why: str) -> Status:
    return entered(
        turn.status, Phase.PROMOTING, turn.now, "promoting", f"{why}; all requests next",
        percent=100, held_at=None, resume_phase=None, ledger=with_new_step(turn.status.ledger, turn.now),
    )  # fmt: skip


def _stopped(turn: Turn, code: str, why: str) -> Status:
    since = turn.now if turn.status.held_at is None else turn.status.held_at
    return entered(turn.status, Phase.HELD, turn.now, code, why, held_at=since, resume_phase=turn.status.phase)


def _resumed(turn: Turn, why: str) -> Status:
    phase = turn.status.resume_phase or Phase.RAMP
    return entered(turn.status, phase, turn.now, "resumed", why, resume_phase=None)


def _approved(turn: Turn, judgement: Judgement) -> Status | None:
    """The status after an approval of just this step; what has no other fault than to need a human goes on."""
    order, status = turn.spec.approve, turn.status
    is_ordered = bool(order.id) and order.id not in status.orders_done
    is_meant = is_ordered and order.rollout_id == status.rollout_id and order.step == status.step
    if not is_meant and not (turn.world.is_approved and status.phase is Phase.GATE):
        return None
    who = order.by or "somebody" if is_meant else "the approval URL"
    status = with_order_done(status, order.id) if is_meant else status
    waived = tuple(each.rule for each in judgement.results if each.verdict is Verdict.HOLD and each.rule in WAIVABLE)
    turn = turn.with_status(status.model_copy(update={"waived": (*status.waived, *waived)}))
    if status.phase is Phase.GATE and status.resume_phase is Phase.PROMOTING:
        return _promoting(turn, f"approved by {who}")
    return _resumed(turn, f"approved by {who}")


def _overdue(turn: Turn, judgement: Judgement) -> Plan | None:
    status, policy = turn.status, turn.policy.held
    since = turn.now if status.held_at is None else status.held_at
    if not policy.roll_back or turn.now - since < policy.hours * 60 * MINUTE:
        return None
    why = _first_hold(judgement) if status.phase is Phase.HELD else status.reason
    return undone(turn, "held_too_long", f"nobody decided within {policy.hours:g} hours: {why}")


def _first_hold(judgement: Judgement) -> str:
    result = judgement.first(Verdict.HOLD)
    return result.sentence if result else "there is no verdict"
