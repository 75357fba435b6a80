"""What can be said against a candidate before anything is started, from what the registry knows. Pure."""

from collections.abc import Iterator

from rollout.policy import ScoreGate, Validation
from rollout.state import ExactVersion
from rollout.world import VersionFacts

_WHOLE_F1 = "/f1"
"""How the F1 of a slice ends, over all labels: `wikigold_test/f1`."""


def faults(
    policy: Validation, wanted: ExactVersion, candidate: VersionFacts, champion: VersionFacts | None
) -> tuple[str, ...]:
    """Every reason not to start the candidate, each a sentence; empty if there is none."""
    return tuple(_faults(policy, wanted, candidate, champion))


def _faults(
    policy: Validation, wanted: ExactVersion, candidate: VersionFacts, champion: VersionFacts | None
) -> Iterator[str]:
    if candidate.fault:
        yield candidate.fault
    elif not candidate.exact.digest:
        yield f"version {wanted.version} has no digest, so nothing can be verified; seal it with: summit model seal"
    elif candidate.exact != wanted:
        yield f"version {wanted.version} was changed since its rollout began; publish changes as another version"
    if policy.same_labels and champion and candidate.labels is not None and champion.labels is not None:
        yield from _label_faults(candidate.labels, champion.labels)
    for gate in policy.gates:
        yield from _gate_faults(gate, candidate, champion)
    if policy.lose_at_most is not None and champion:
        yield from _slice_faults(policy.lose_at_most, candidate, champion)


def _label_faults(candidate: tuple[str, ...], champion: tuple[str, ...]) -> Iterator[str]:
    missing, added = sorted(set(champion) - set(candidate)), sorted(set(candidate) - set(champion))
    if missing:
        yield f"the candidate cannot give the label {', '.join(missing)}, which callers get from the champion"
    if added:
        yield f"the candidate gives the label {', '.join(added)}, which no caller knows from the champion"


def _gate_faults(gate: ScoreGate, candidate: VersionFacts, champion: VersionFacts | None) -> Iterator[str]:
    score = candidate.scores.get(gate.metric)
    if score is None:
        yield f"{gate.metric} was not evaluated, and the policy asks for it"
        return
    if gate.at_least is not None and score < gate.at_least:
        yield f"{gate.metric} is {score:g}, and the policy asks for {gate.at_least:g}"
    before = champion.scores.get(gate.metric) if champion else None
    if gate.lose_at_most is not None and before is not None and before - score > gate.lose_at_most:
        yield f"{gate.metric} is {score:g}, the champion's is {before:g}: it may lose {gate.lose_at_most:g}"


def _slice_faults(lose_at_most: float, candidate: VersionFacts, champion: VersionFacts) -> Iterator[str]:
    for metric in sorted(champion.scores.keys() & candidate.scores.keys()):
        before, score = champion.scores[metric], candidate.scores[metric]
        if metric.endswith(_WHOLE_F1) and before - score > lose_at_most:
            yield f"{metric} is {score:.1f}, the champion's is {before:.1f}: a slice may lose {lose_at_most:g} points"
