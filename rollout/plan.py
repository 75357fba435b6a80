"""What a rollout does next. Pure: everything that it knows is in the arguments, and it gives at most one effect.

Effects follow from what the status wants and the world has not, never from a transition: whatever is lost or repeated
on the way, the next turn makes up for it.
"""

from collections.abc import Callable, Mapping

from rollout import endings, golden, proving, validation, wishes
from rollout.effects import SendGolden, StartDark
from rollout.evidence import NoEvidence, Sample
from rollout.ledger import begun
from rollout.phase import Phase
from rollout.projection import quiet
from rollout.state import Spec, Status
from rollout.transition import entered
from rollout.turn import Plan, Turn
from rollout.world import Deployed, Readiness, World


def decide(spec: Spec, status: Status, world: World, evidence: Sample | NoEvidence, now: float) -> Plan:
    """The next status, and the one thing to do now, None where nothing is to be done until something changes.

    Write the status first. Where there was an effect, decide again when it is done.
    """
    plan = Plan(status)
    for _ in Phase:
        before = plan.status
        plan = _step(Turn(spec, before, world, evidence, now))
        if plan.effect is not None or _stand(plan.status) == _stand(before):
            return plan
    return plan


def _stand(status: Status) -> tuple[object, ...]:
    """What makes another decision possible at once."""
    return status.phase, status.step, status.orders_done, status.refused, status.champion


def _step(turn: Turn) -> Plan:
    for wish in (wishes.suspended, wishes.ordered, wishes.wished, wishes.disturbed):
        plan = wish(turn)
        if plan is not None:
            return plan
    return _PHASES[turn.status.phase](turn)


def _validating(turn: Turn) -> Plan:
    status, facts = turn.status, turn.world.facts
    candidate = facts.get(turn.candidate.version)
    champion = facts.get(status.champion.version) if status.champion else None
    if candidate is None or (status.champion and champion is None):
        return Plan(status)
    faults = validation.faults(turn.policy.validation, turn.candidate, candidate, champion)
    if faults:
        return endings.undone(turn, "invalid", "; ".join(faults))
    return Plan(entered(status, Phase.DARK, turn.now, "validated", f"version {turn.candidate.version} is valid"))


def _dark(turn: Turn) -> Plan:
    status, deployed = turn.status, turn.deployed
    if deployed is not None and turn.serving.specified == turn.candidate.version:
        effect = turn.traffic(0, may_rise=False) if status.champion else None
        return Plan(status, effect) if effect else _starting(turn, deployed)
    if turn.minutes >= turn.policy.dark_minutes:
        return endings.undone(turn, "not_ready", "the candidate could not be started in time")
    return Plan(status, StartDark(turn.candidate, status.champion))


def _starting(turn: Turn, deployed: Deployed) -> Plan:
    if deployed.readiness is Readiness.FAILED or deployed.crashes > turn.policy.confidence.crashes:
        return endings.undone(turn, "broken", f"the candidate does not start: {deployed.fault or 'see its log'}")
    if deployed.answers_as not in {None, turn.candidate.version}:
        sentence = f"the candidate answers as version {deployed.answers_as}, not {turn.candidate.version}"
        return endings.undone(turn, "other_version", sentence)
    if deployed.readiness is Readiness.READY:
        sentence = f"version {turn.candidate.version} is ready, with no traffic"
        revision = deployed.revision
        return Plan(entered(turn.status, Phase.SMOKE, turn.now, "ready", sentence, candidate_revision=revision))
    if turn.minutes >= turn.policy.dark_minutes:
        sentence = f"the candidate was not ready within {turn.policy.dark_minutes:g} minutes"
        return endings.undone(turn, "not_ready", sentence)
    return quiet(turn)


def _smoke(turn: Turn) -> Plan:
    status, policy = turn.status, turn.policy.smoke
    report = status.golden
    if report is None or report.at < status.phase_at or report.version != turn.candidate.version:
        if turn.minutes >= policy.minutes:
            return endings.undone(
                turn, "silent", f"golden requests were not answered within {policy.minutes:g} minutes"
            )
        return Plan(status, SendGolden(turn.candidate))
    faults = golden.faults(policy, report)
    if faults:
        return endings.undone(turn, "smoke", "; ".join(faults))
    if report.unanswered:
        if turn.minutes >= policy.minutes:
            return endings.undone(turn, "silent", f"{report.unanswered} golden requests were not answered")
        return Plan(status, SendGolden(turn.candidate))
    return Plan(_after_smoke(turn))


def _after_smoke(turn: Turn) -> Status:
    status, passed = turn.status, "golden requests are answered well"
    status = status.model_copy(update={"ledger": begun(turn.now, status.ledger.last)})
    if status.champion is None or status.is_forced:
        why = "nothing serves yet" if status.champion is None else "a human wants it"
        return entered(status, Phase.PROMOTING, turn.now, "promoting", f"{passed}, and {why}", percent=100)
    if turn.policy.shadow.percent:
        return entered(status, Phase.SHADOW, turn.now, "shadowing", passed)
    return proving.at_step(turn, status, 0, passed)


_PHASES: Mapping[Phase, Callable[[Turn], Plan]] = {
    Phase.IDLE: endings.idle,
    Phase.VALIDATING: _validating,
    Phase.DARK: _dark,
    Phase.SMOKE: _smoke,
    Phase.SHADOW: proving.shadow,
    Phase.RAMP: proving.ramp,
    Phase.HELD: proving.held,
    Phase.GATE: proving.gate,
    Phase.PROMOTING: endings.promoting,
    Phase.SOAK: endings.soak,
    Phase.PROMOTED: endings.promoted,
    Phase.ROLLING_BACK: endings.rolling_back,
    Phase.ROLLED_BACK: endings.rolled_back,
}
