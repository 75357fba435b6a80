"""A rollout in lines for people. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime

from rollout.explain import next_of
from rollout.phase import Phase
from rollout.state import DecisionRecord, ExactVersion, ModelRollout, Outcome, RuleResult, Status, Verdict

_MARKS = {Verdict.OK: "ok", Verdict.HOLD: "…", Verdict.BAD: "BAD"}
_SHOWN_DECISIONS = 6


def status_lines(rollout: ModelRollout, routed: Mapping[str, int], now: float) -> list[str]:
    """Phase, traffic, every rule with its evidence, and the last decisions; `routed` is what the gateway follows."""
    status = rollout.status
    return [*_head(rollout, routed, now), *_rules(status), *_last(status)]


def _head(rollout: ModelRollout, routed: Mapping[str, int], now: float) -> Iterator[str]:
    status = rollout.status
    if status.candidate is None:
        serving = f"version {status.champion.version} serves" if status.champion else "nothing is known to serve yet"
        yield f"{rollout.name}   no rollout yet; {serving}"
        return
    for_minutes = max(0.0, now - status.phase_at) / 60
    yield f"{rollout.name}   {status.phase}   {_versions(status.candidate, status.champion)}   {status.rollout_id}"
    if status.reason:
        yield f"{'why':<12} {status.reason}"
    yield f"{'traffic':<12} {_percents(routed)}"
    if not status.phase.is_over:
        yield f"{'since':<12} {for_minutes:.1f} min{_step(rollout)}"


def _versions(candidate: ExactVersion, champion: ExactVersion | None) -> str:
    if champion is None:
        return f"version {candidate.version} after nothing"
    if champion.version == candidate.version:
        return f"version {candidate.version}, the champion now"
    return f"version {candidate.version} after version {champion.version}"


def _step(rollout: ModelRollout) -> str:
    steps = rollout.spec.policy.steps
    if rollout.status.phase not in {Phase.RAMP, Phase.HELD}:
        return ""
    ramp = " → ".join(f"[{s.percent}%]" if at == rollout.status.step else f"{s.percent}%" for at, s in enumerate(steps))
    return f"   {ramp} → 100%"


def _percents(routed: Mapping[str, int]) -> str:
    return ", ".join(f"{percent}% version {version}" for version, percent in routed.items()) or "no routes yet"


def _rules(status: Status) -> Iterator[str]:
    for rule in status.rules:
        yield rule_line(rule)


def rule_line(rule: RuleResult) -> str:
    """One rule's word."""
    return f"  {_MARKS[rule.verdict]:<4} {rule.rule:<10} {rule.sentence}"


def watch_line(rollout: ModelRollout, routed: Mapping[str, int]) -> str:
    """Traffic, and the one thing that is waited for: what hinders it, else the rule that needs the most requests."""
    status = rollout.status
    waited_for = _waited_for(status.rules) if status.phase in _PROVING else next_of(status.phase)
    return f"    {_percents(routed)}   {waited_for}"


_PROVING = frozenset({Phase.SHADOW, Phase.RAMP, Phase.HELD, Phase.GATE, Phase.SOAK})


def _waited_for(rules: Sequence[RuleResult]) -> str:
    holding = [rule for rule in rules if rule.verdict is not Verdict.OK]
    if not holding:
        return "all rules are ok"
    return max(holding, key=lambda rule: (not rule.is_waiting, rule.needs or 0)).sentence


def _last(status: Status) -> Iterator[str]:
    if status.decisions:
        yield ""
    for decision in status.decisions[-_SHOWN_DECISIONS:]:
        yield decision_line(decision)


def decision_line(decision: DecisionRecord) -> str:
    """One decision, with its time."""
    return f"{moment(decision.at)}  {decision.phase:<12} {decision.percent:>3}%  {decision.sentence}"


def outcome_line(outcome: Outcome) -> str:
    """A rollout that is over, in one line."""
    champion = outcome.champion.version if outcome.champion else "-"
    minutes = (outcome.ended_at - outcome.began_at) / 60
    moved = f"{champion} → {outcome.candidate.version}"
    return f"{moment(outcome.began_at)}  {outcome.phase:<11} {moved:<10} {minutes:6.1f} min  {outcome.reason}"


def moment(at: float) -> str:
    """The time of day in this machine's zone, with the date."""
    return datetime.fromtimestamp(at, UTC).astimezone().strftime("%Y-%m-%d %H:%M:%S")
