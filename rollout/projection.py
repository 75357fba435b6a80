"""What is told the registry about a rollout, and what keeps a candidate warm: when nothing else is to be done. Pure."""

from rollout.effects import PublishReport, SendGolden, TagVersion
from rollout.phase import Phase
from rollout.turn import Plan, Turn

STATE_TAG, REASON_TAG, ID_TAG = "rollout.state", "rollout.reason", "rollout.id"
REPORT_TAG, REPORT_URI_TAG = "rollout.report_id", "rollout.report_uri"

_PATIENCE_MINUTES = 5.0
"""How long the records of a finished rollout keep the next one from beginning."""
_LONGEST_TAG = 500
_WARMED = frozenset({Phase.SHADOW, Phase.RAMP, Phase.HELD, Phase.GATE})


def quiet(turn: Turn) -> Plan:
    """Nothing is to be done: keep the candidate from sleeping, and the registry's page true."""
    golden = turn.status.golden
    is_cooling = golden is None or turn.now - golden.at >= turn.policy.warm_seconds
    if turn.status.phase in _WARMED and is_cooling:
        return Plan(turn.status, SendGolden(turn.candidate))
    return _tagged(turn) or Plan(turn.status)


def recorded(turn: Turn) -> Plan | None:
    """The record of a finished rollout that is still missing; None where all is there, or it cannot be waited for."""
    status, facts = turn.status, turn.world.facts.get(turn.candidate.version)
    if facts is None or facts.fault or turn.world.aliases is None or turn.minutes > _PATIENCE_MINUTES:
        return None
    if plan := _tagged(turn):
        return plan
    if facts.tags.get(REPORT_TAG) != status.rollout_id:
        return Plan(status, PublishReport(turn.candidate, status.rollout_id))
    return None


def _tagged(turn: Turn) -> Plan | None:
    status, facts = turn.status, turn.world.facts.get(turn.candidate.version)
    wanted = {STATE_TAG: str(status.phase), REASON_TAG: status.reason[:_LONGEST_TAG], ID_TAG: status.rollout_id}
    if facts is None or facts.fault or turn.world.aliases is None:
        return None
    if all(facts.tags.get(name) == value for name, value in wanted.items()):
        return None
    return Plan(status, TagVersion(turn.candidate.version, tuple(wanted.items())))
