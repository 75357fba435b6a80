"""Where a rollout stands and why, in sentences. Pure."""

from collections.abc import Iterator

from rollout.phase import Phase
from rollout.state import ModelRollout, Verdict

_NEXT = {
    Phase.IDLE: "nothing is rolled out; set the alias candidate, or: summit rollout start",
    Phase.VALIDATING: "what the registry knows of the candidate is held against the policy",
    Phase.DARK: "the candidate starts, with no traffic",
    Phase.SMOKE: "golden requests are sent to the candidate",
    Phase.SHADOW: "the candidate gets copies of the callers' requests; nobody gets its answers",
    Phase.RAMP: "the candidate must prove itself with its share of the callers' requests",
    Phase.HELD: "traffic stays as it is until evidence, a human or the clock decides: summit rollout approve|abort",
    Phase.GATE: "a human must decide: summit rollout approve, or: summit rollout abort",
    Phase.PROMOTING: "everything goes to the candidate, and the alias champion moves",
    Phase.SOAK: "the new champion is judged on, while the old one can still come back",
    Phase.PROMOTED: "nothing more is to be done",
    Phase.ROLLING_BACK: "the champion gets everything back",
    Phase.ROLLED_BACK: "this candidate is not tried again unless asked for: summit rollout start",
    Phase.SUSPENDED: "nothing is decided until: summit rollout resume",
}


def next_of(phase: Phase) -> str:
    """What happens in the phase, as a clause."""
    return _NEXT[phase]


def explained(rollout: ModelRollout) -> Iterator[str]:
    """A line for the phase, one for what comes next, and one for each rule."""
    status = rollout.status
    yield f"{status.rollout_id or rollout.name}: {status.phase} at {status.percent}%"
    if status.reason:
        yield f"because: {status.reason}"
    yield f"now: {next_of(status.phase)}"
    for rule in status.rules:
        yield f"{_MARKS[rule.verdict]} {rule.rule:<10} {rule.sentence}"


_MARKS = {Verdict.OK: "ok  ", Verdict.BAD: "bad ", Verdict.HOLD: "hold"}
