"""How a rollout ends: Promoting, Soak and Promoted, RollingBack and RolledBack; and how the next one begins. Pure."""

from rollout.effects import Effect, MoveAlias, Restore, Settle
from rollout.judge import Judgement
from rollout.phase import Phase
from rollout.projection import quiet, recorded
from rollout.state import ExactVersion, Status, Verdict
from rollout.transition import cleared, entered, over, with_point
from rollout.turn import Plan, Turn
from rollout.world import Readiness

_WHOLE = 100


def undone(turn: Turn, code: str, why: str, *, is_refused: bool = True) -> Plan:
    """Roll back, for this reason. A refused candidate is not tried again by itself."""
    changes = {"refused": turn.candidate} if is_refused else {}
    last = turn.point().model_copy(update={"phase": Phase.ROLLING_BACK, "percent": 0})
    status = with_point(turn.status, last)
    return Plan(entered(status, Phase.ROLLING_BACK, turn.now, code, why, percent=0, **changes))


def condemned(turn: Turn, judgement: Judgement) -> Plan:
    """Roll back, by what the judge says."""
    result = judgement.first(Verdict.BAD)
    return undone(turn, result.rule if result else "bad", result.sentence if result else "it is bad")


def promoting(turn: Turn) -> Plan:
    """Everything to the candidate, and both aliases; on when all is read back."""
    turn, judgement = turn.looked()
    status, candidate, champion = turn.status, turn.candidate, turn.status.champion
    if judgement.verdict is Verdict.BAD and champion is not None:
        return condemned(turn, judgement)
    may_rise = status.is_forced or champion is None or judgement.hindrance is None
    effect = turn.traffic(_WHOLE, may_rise=may_rise) or turn.shadow(0)
    if effect:
        return Plan(status, effect)
    aliases = turn.world.aliases
    if turn.percents[0] < _WHOLE or aliases is None:
        return Plan(status)
    if aliases.champion != candidate.version:
        return Plan(status, MoveAlias("champion", candidate.version, aliases.champion))
    if champion is not None and aliases.previous != champion.version:
        return Plan(status, MoveAlias("previous", champion.version, aliases.previous))
    sentence = f"version {candidate.version} serves everything, and is the champion"
    return Plan(entered(status, Phase.SOAK, turn.now, "soaking", sentence))


def soak(turn: Turn) -> Plan:
    """The candidate serves everything and is judged on; then the old champion is let go."""
    turn, judgement = turn.looked()
    status, champion = turn.status, turn.status.champion
    if judgement.verdict is Verdict.BAD and champion is not None:
        return condemned(turn, judgement)
    if turn.minutes < turn.policy.soak_minutes or not turn.is_fresh:
        return quiet(turn)
    if not _serves_alone(turn, turn.candidate):
        return Plan(status, Settle(turn.candidate))
    sentence = f"version {turn.candidate.version} is promoted"
    ended = status.model_copy(update={"code": "promoted", "reason": sentence})
    return Plan(over(ended, Phase.PROMOTED, turn.now, sentence, champion=turn.candidate))


def rolling_back(turn: Turn) -> Plan:
    """The champion serves everything again, from its exact spec, and the alias names it."""
    status, candidate, champion, aliases = turn.status, turn.candidate, turn.status.champion, turn.world.aliases
    if champion is None:
        return Plan(over(status, Phase.ROLLED_BACK, turn.now, "there is no champion to go back to"))
    if effect := _restoring(turn, champion):
        return Plan(status, effect)
    if aliases is None or not _serves_alone(turn, champion):
        return Plan(status)
    if aliases.champion == candidate.version:
        return Plan(status, MoveAlias("champion", champion.version, candidate.version))
    return Plan(over(status, Phase.ROLLED_BACK, turn.now, f"version {champion.version} serves everything"))


def _restoring(turn: Turn, champion: ExactVersion) -> Effect | None:
    """What is next on the way back; None where the champion serves alone, or is not ready for it yet."""
    if turn.serving.rolled_out == champion.version and (effect := turn.traffic(0, may_rise=False)):
        return effect
    if effect := turn.shadow(0):
        return effect
    if turn.serving.specified != champion.version:
        return Restore(champion, turn.candidate)
    restored = turn.serving.deployed.get(champion.version)
    is_ready = restored is not None and restored.readiness is Readiness.READY
    return Settle(champion) if is_ready and not _serves_alone(turn, champion) else None


def promoted(turn: Turn) -> Plan:
    """The end, until somebody wishes something else."""
    return recorded(turn) or idle(turn)


def rolled_back(turn: Turn) -> Plan:
    """The end; unless something of the candidate is left, which a stale reading has hidden."""
    status, champion = turn.status, turn.status.champion
    was_deployed = bool(status.candidate_revision)
    if champion is not None and was_deployed and turn.percents[1]:
        sentence = f"version {turn.candidate.version} has traffic that it should not have"
        return Plan(entered(status, Phase.ROLLING_BACK, turn.now, status.code, sentence, percent=0))
    return recorded(turn) or idle(turn)


def idle(turn: Turn) -> Plan:
    """Find out what serves, and begin what the aliases wish for."""
    status, aliases = turn.status, turn.world.aliases
    if status.champion is None and (serving := _serving(turn)):
        return Plan(status.model_copy(update={"champion": serving}))
    if aliases is None:
        return Plan(status)
    if status.refused and status.refused.version not in {aliases.candidate, aliases.champion}:
        return Plan(status.model_copy(update={"refused": None}))
    for version, is_forced in ((aliases.champion, True), (aliases.candidate, False)):
        if version is not None and (begun := _begun(turn, version, is_forced=is_forced)):
            return Plan(begun)
    return Plan(status)


def _begun(turn: Turn, version: str, *, is_forced: bool) -> Status | None:
    """The status of a rollout of this version, where one is due."""
    status, facts = turn.status, turn.world.facts.get(version)
    is_there = status.champion is not None and status.champion.version == version
    is_refused = status.refused is not None and status.refused.version == version
    is_unknown = status.champion is None and (turn.serving.specified or turn.serving.split)
    if facts is None or is_there or is_refused or is_unknown:
        return None
    alias = "champion" if is_forced else "candidate"
    sentence = f"the alias {alias} names version {version}"
    fresh = cleared(status, turn.spec.model_name, facts.exact, turn.now)
    return entered(fresh, Phase.VALIDATING, turn.now, "started", sentence, is_forced=is_forced)


def _serving(turn: Turn) -> ExactVersion | None:
    """What serves everything, where a rollout finds a world that it has not made."""
    for version, percent in turn.serving.split.items():
        if percent == _WHOLE and version in turn.world.facts:
            return turn.world.facts[version].exact
    return None


def _serves_alone(turn: Turn, version: ExactVersion) -> bool:
    serving, number = turn.serving, version.version
    shares = (serving.split.get(number), serving.routed.get(number))
    return serving.is_settled and serving.specified == number and shares == (_WHOLE, _WHOLE)
