"""What became of the requests of a load: by model version and outcome, with latencies. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import ceil
from typing import Any


class Ending(StrEnum):
    """How one request ended, as its caller sees it."""

    ANSWERED = "answered"
    DEGRADED = "degraded"
    """By the fallback."""
    FAILED = "failed"
    """An error, or no answer in time."""


@dataclass(frozen=True, slots=True)
class Shot:
    """One request."""

    second: int
    """Whole seconds of the load at which it was due."""
    model_version: str
    """That was asked, as the answer tells; empty where none does."""
    ending: Ending
    seconds: float
    """From when it was due: a generator that is late itself hides nothing."""
    note: str = ""
    """Why it is degraded or has failed."""


@dataclass(frozen=True, slots=True)
class Latency:
    """In milliseconds; None where nothing was measured."""

    p50_ms: float | None
    p95_ms: float | None
    p99_ms: float | None


def latency(shots: Iterable[Shot]) -> Latency:
    """Of these requests, whichever way they ended."""
    ordered = sorted(shot.seconds for shot in shots)
    return Latency(*(_percentile_ms(ordered, percent) for percent in (50, 95, 99)))


def _percentile_ms(ordered: Sequence[float], percent: int) -> float | None:
    """The least value that so many percent do not exceed: one that was measured."""
    return round(1000 * ordered[ceil(len(ordered) * percent / 100) - 1], 1) if ordered else None


def endings(shots: Iterable[Shot]) -> dict[str, int]:
    """How many ended in each way, those of none included."""
    counted = dict.fromkeys(map(str, Ending), 0)
    for shot in shots:
        counted[shot.ending] += 1
    return counted


def by_version(shots: Iterable[Shot]) -> Mapping[str, list[Shot]]:
    """The requests of each version, the versions in order."""
    grouped: defaultdict[str, list[Shot]] = defaultdict(list)
    for shot in shots:
        grouped[shot.model_version].append(shot)
    return dict(sorted(grouped.items()))


def summary(shots: Sequence[Shot]) -> dict[str, Any]:
    """The whole load as one JSON document."""
    return {
        "requests": len(shots),
        **_figures(shots),
        "versions": {version: {"requests": len(part), **_figures(part)} for version, part in by_version(shots).items()},
        "notes": dict(sorted(_notes(shots).items())),
    }


def line(shots: Sequence[Shot]) -> str:
    """These requests in one line, for people."""
    counted = ", ".join(f"{count} {ending}" for ending, count in endings(shots).items())
    versions = ", ".join(f"version {version or '?'}: {len(part)}" for version, part in by_version(shots).items())
    measured = latency(shots)
    return f"{counted:<40} p50 {_shown(measured.p50_ms)} ms   p95 {_shown(measured.p95_ms)} ms   {versions}"


def _shown(milliseconds: float | None) -> str:
    return "-" if milliseconds is None else f"{milliseconds:.0f}"


def _figures(shots: Sequence[Shot]) -> dict[str, Any]:
    measured = latency(shots)
    return {**endings(shots), "p50_ms": measured.p50_ms, "p95_ms": measured.p95_ms, "p99_ms": measured.p99_ms}


def _notes(shots: Iterable[Shot]) -> dict[str, int]:
    counted: defaultdict[str, int] = defaultdict(int)
    for shot in shots:
        if shot.note:
            counted[shot.note] += 1
    return counted
