"""What people want of a rollout, by order or by alias, and what somebody else has done to it. Pure.

Each function gives the plan that the wish makes due, None where there is none.
"""

from rollout.endings import undone
from rollout.phase import Phase
from rollout.state import Order, Status
from rollout.transition import entered, with_order_done
from rollout.turn import Plan, Turn

_PROVING = frozenset({Phase.SHADOW, Phase.RAMP, Phase.HELD, Phase.GATE})
_WATCHED = _PROVING | {Phase.SMOKE, Phase.PROMOTING}
"""The phases in which the candidate's instance is the one that was validated, and no other."""
_IRREVOCABLE = frozenset({Phase.ROLLING_BACK})


def suspended(turn: Turn) -> Plan | None:
    """`halt` stops everything where it is; `resume` goes on from there."""
    status = turn.status
    if status.phase is Phase.SUSPENDED:
        if turn.spec.is_suspended:
            return Plan(status)
        phase = status.suspended_phase or Phase.IDLE
        return Plan(entered(status, phase, turn.now, "resumed", "resumed by a human", suspended_phase=None))
    if turn.spec.is_suspended and not status.phase.is_over:
        sentence = f"halted by a human in {status.phase}; traffic stays as it is"
        return Plan(entered(status, Phase.SUSPENDED, turn.now, "suspended", sentence, suspended_phase=status.phase))
    return Plan(status) if turn.spec.is_suspended else None


def ordered(turn: Turn) -> Plan | None:
    """Orders to start again, abort and promote; each is followed once."""
    spec, status = turn.spec, turn.status
    if _is_new(spec.start, status):
        return Plan(with_order_done(status, spec.start.id).model_copy(update={"refused": None}))
    if _is_new(spec.abort, status):
        done = turn.with_status(with_order_done(status, spec.abort.id))
        if _is_meant(spec.abort, status) and status.phase not in _IRREVOCABLE:
            return undone(done, "aborted", f"aborted by {spec.abort.by or 'a human'}")
        return Plan(done.status)
    if _is_new(spec.promote, status):
        done = turn.with_status(with_order_done(status, spec.promote.id))
        if _is_meant(spec.promote, status) and status.phase not in _IRREVOCABLE:
            return Plan(_forced(done, f"promoted without evidence by {spec.promote.by or 'a human'}"))
        return Plan(done.status)
    return None


def wished(turn: Turn) -> Plan | None:
    """The aliases: a candidate that is withdrawn, a champion that is moved by hand."""
    status, aliases = turn.status, turn.world.aliases
    if aliases is None or status.phase.is_over or status.phase in _IRREVOCABLE:
        return None
    candidate, champion = turn.candidate.version, status.champion and status.champion.version
    if aliases.champion == candidate:
        if status.is_forced or status.phase not in _PROVING:
            return None
        return Plan(_forced(turn, "the alias champion was moved to the candidate by hand"))
    if status.phase is Phase.SOAK or aliases.champion not in {champion, None}:
        return undone(turn, "superseded", f"the alias champion names {aliases.champion or 'nothing'}", is_refused=False)
    if aliases.candidate != candidate:
        sentence = f"the alias candidate names {aliases.candidate or 'nothing'}"
        return undone(turn, "withdrawn", sentence, is_refused=False)
    return None


def disturbed(turn: Turn) -> Plan | None:
    """Somebody else has deployed something over the candidate: it would get the candidate's share, unseen."""
    status = turn.status
    if status.phase not in _WATCHED:
        return None
    deployed, specified = turn.deployed, turn.serving.specified
    if deployed is not None and deployed.revision != status.candidate_revision:
        sentence = "the candidate was deployed anew by somebody else, so what serves is not what was validated"
        return undone(turn, "disturbed", sentence, is_refused=False)
    if specified is not None and specified != turn.candidate.version:
        sentence = f"version {specified} was deployed over the candidate by somebody else"
        return undone(turn, "disturbed", sentence, is_refused=False)
    return None


def _is_new(order: Order, status: Status) -> bool:
    return bool(order.id) and order.id not in status.orders_done


def _is_meant(order: Order, status: Status) -> bool:
    return not status.phase.is_over and order.rollout_id in {"", status.rollout_id}


def _forced(turn: Turn, sentence: str) -> Status:
    """The status that waits for no evidence any more; what is validated already is promoted at once."""
    status = turn.status.model_copy(update={"is_forced": True})
    if status.phase not in _PROVING:
        return entered(status, status.phase, turn.now, "forced", sentence)
    return entered(status, Phase.PROMOTING, turn.now, "forced", sentence, percent=100, held_at=None, resume_phase=None)
