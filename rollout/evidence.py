"""What was counted of each model version, and how much of it is new. Pure.

Counters only grow, each at one source (a gateway's process), and begin anew when that process does. So evidence is a
sum of differences between two readings of the same source: nothing is lost by a restart of the controller, and nothing
is counted twice by a stale or repeated reading.
"""

from collections.abc import Iterable, Mapping
from typing import Self

from pydantic import BaseModel, ConfigDict, Field


class NoEvidence(Exception):
    """A reading that is none: nobody answered, or a counter is missing. Its text says which. Never a verdict."""


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", use_attribute_docstrings=True)


_DIFFERENCES = frozenset({"excluded", "slow"})
"""Members that are one counter less another. A process counts on while it is read, so they may fall by a few."""


class _Counts(_Value):
    """Whole numbers that are added, subtracted and compared member by member."""

    def plus(self, other: Self) -> Self:
        """The sum."""
        return self._merged(other, 1)

    def minus(self, other: Self) -> Self:
        """The difference."""
        return self._merged(other, -1)

    def is_below(self, other: Self) -> bool:
        """Whether a member is smaller than the other's: a counter that has begun anew."""
        return any(
            mine.is_below(theirs) if isinstance(mine, _Counts) else mine < theirs
            for mine, theirs in ((getattr(self, name), getattr(other, name)) for name in self._counting())
        )

    @classmethod
    def _counting(cls) -> list[str]:
        """The members that only grow while their process lives."""
        return [name for name in cls.model_fields if name not in _DIFFERENCES]

    def _merged(self, other: Self, sign: int) -> Self:
        values = {}
        for name in type(self).model_fields:
            mine, theirs = getattr(self, name), getattr(other, name)
            is_group = isinstance(mine, _Counts)
            values[name] = mine._merged(theirs, sign) if is_group else mine + sign * theirs  # noqa: SLF001 - its own kind
        return type(self).model_construct(**values)


class Tally(_Counts):
    """Requests by how they ended."""

    answered: int = 0
    """By the model."""
    failed: int = 0
    """By an error, or by the fallback for a reason that is the version's: `broken` or `timeout`."""
    excluded: int = 0
    """Nobody's fault: the caller's own errors, shedding, throttling, refusals, cold starts, switched off."""
    timed: int = 0
    """Those in the latency histogram that were answered, by whom ever."""
    slow: int = 0
    """Of these, those over the bound of the objective: not in the bucket that ends there exactly."""

    @property
    def judged(self) -> int:
        """Requests that say something of the version."""
        return self.answered + self.failed


class Comparison(_Counts):
    """Texts that two versions read: the candidate's copy against the answer that the caller got."""

    compared: int = 0
    """Texts."""
    different: int = 0
    """Of these, those with other entities."""
    contract_faults: int = 0
    """Answers against the contract, such as offsets where the entity does not stand."""
    spans_common: int = 0
    """Same place, same label."""
    spans_missing: int = 0
    """In the champion's answer only."""
    spans_added: int = 0
    """In the candidate's answer only."""
    label_flips: int = 0
    """Same place, other label."""


class Counters(_Counts):
    """Everything that one source has counted of one version since the source began."""

    live: Tally = Field(default_factory=Tally)
    """Callers' requests, counted at the gateway."""
    shadow: Tally = Field(default_factory=Tally)
    """Copies that the gateway sent."""
    comparison: Comparison = Field(default_factory=Comparison)
    predictor_answered: int = 0
    """The second witness: what the version's own predictor says that it answered, whoever asked."""
    predictor_failed: int = 0


Readings = Mapping[str, Mapping[str, Counters]]
"""By source, then by model version. A source is one process, by whatever name stays while it lives."""


class Sample(_Value):
    """One reading of all sources."""

    at: float
    """Unix time in seconds of the oldest source's reading: all is at least as new as this."""
    readings: dict[str, dict[str, Counters]] = Field(default_factory=dict)
    has_witness: bool = False
    """Whether predictors were read too."""

    def age_seconds(self, now: float) -> float:
        """How old the oldest reading is."""
        return now - self.at


def fresh_counts(before: Sample | None, after: Sample, version: str) -> Counters:
    """What was counted of a version between two samples; nothing where the later one is no newer.

    The first sample of all is where counting begins; a source that is new after it counts from its zero. A source that
    counts less than before has begun anew, and all that it says is new.
    """
    if before is None or after.at <= before.at:
        return Counters()
    return total(
        _grown(before.readings.get(source, {}).get(version), versions[version])
        for source, versions in after.readings.items()
        if version in versions
    )


def _grown(before: Counters | None, after: Counters) -> Counters:
    return after if before is None or after.is_below(before) else after.minus(before)


def merged(before: Sample | None, after: Sample) -> Sample:
    """The sample to count from next time: the newer readings, and the last ones of sources that were silent."""
    if before is None:
        return after
    if after.at <= before.at:
        return before
    readings = {source: dict(versions) for source, versions in before.readings.items()}
    for source, versions in after.readings.items():
        readings[source] = {**readings.get(source, {}), **versions}
    return Sample(at=after.at, readings=readings, has_witness=after.has_witness)


def total(counters: Iterable[Counters]) -> Counters:
    """The sum of all."""
    summed = Counters()
    for each in counters:
        summed = summed.plus(each)
    return summed
