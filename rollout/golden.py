"""What golden requests say against a candidate. Pure."""

from collections.abc import Iterator

from rollout.policy import Smoke
from rollout.state import GoldenReport


def faults(policy: Smoke, report: GoldenReport) -> tuple[str, ...]:
    """Every reason to let no caller's text near the candidate, each a sentence; empty if there is none."""
    return tuple(_faults(policy, report))


def _faults(policy: Smoke, report: GoldenReport) -> Iterator[str]:
    for fault in report.faults:
        yield f"golden requests: {fault}"
    if report.p95_seconds is not None and report.p95_seconds > policy.p95_seconds:
        yield f"golden requests: the p95 is {report.p95_seconds:.2f} s, and the bound {policy.p95_seconds:g} s"
    for at, part in enumerate(report.slices):
        if at == 0 and part.f1 < policy.golden_f1_at_least:
            yield f"golden requests: F1 is {part.f1:.3f}, and the floor {policy.golden_f1_at_least:g}"
        lost = (part.champion_f1 or part.f1) - part.f1
        if part.loss_at_least > 0 and lost > policy.lose_at_most:
            yield (
                f"golden requests: F1 on {part.name} is {part.f1:.3f}, the champion's is {part.champion_f1:.3f}; "
                f"chance explains all but {part.loss_at_least:.3f} of it"
            )
