"""Whether the lanes are well, and whether a dead one is worth another try. Pure: the clock is passed in."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from summit_inference.deadline import Clock

_HOUR_SECONDS = 3600.0


@dataclass(frozen=True, slots=True)
class SupervisionLimits:
    """When to give up."""

    restarts_per_hour: int
    """A lane that keeps dying has a reason that a new thread does not cure: beyond this, restart the process."""
    failures_in_row: int
    """So many texts on which the model failed, with no success between them, are no poison: the model is broken."""
    stall_seconds: float
    """A batch that runs longer than this never ends."""


class Supervision:
    """What is known of the lanes' health."""

    def __init__(self, limits: SupervisionLimits, lanes: int, clock: Clock) -> None:
        self._limits = limits
        self._lanes = lanes
        self._clock = clock
        self._warm: set[int] = set()
        self._deaths: deque[float] = deque()
        self._failures = 0

    @property
    def is_any_warm(self) -> bool:
        """Whether anyone takes work."""
        return bool(self._warm)

    def became_warm(self, lane: int) -> None:
        """A lane takes work."""
        self._warm.add(lane)

    def died(self, lane: int) -> bool:
        """A lane is gone; whether to start it again."""
        self._warm.discard(lane)
        now = self._clock()
        while self._deaths and now - self._deaths[0] > _HOUR_SECONDS:
            self._deaths.popleft()
        self._deaths.append(now)
        return len(self._deaths) <= self._limits.restarts_per_hour

    def answered(self, failures: Iterable[bool]) -> None:
        """What came of texts, in the order in which they were computed: True is one on which the model failed."""
        for is_failure in failures:
            self._failures = self._failures + 1 if is_failure else 0

    def is_healthy(self, busy_since: Iterable[float | None]) -> bool:
        """Whether all lanes take work and get somewhere; `busy_since` is when each running batch began."""
        oldest = min((since for since in busy_since if since is not None), default=self._clock())
        return (
            len(self._warm) == self._lanes
            and self._failures < self._limits.failures_in_row
            and self._clock() - oldest < self._limits.stall_seconds
        )
