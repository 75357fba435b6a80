"""A circuit breaker: it stops asking a model version that mostly fails or is slow, and tries one request now and then.

    CLOSED ──share of errors or slow answers over its bound──▶ OPEN ──open_seconds──▶ HALF_OPEN ──answered──▶ CLOSED
                                                                ▲                        │
                                                                └────────failed──────────┘

Pure but for its clock. Does not know what an error is; it is told.
"""

from collections import deque
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from summit_inference.deadline import Clock

OpenReason = Literal["broken", "timeout"]


class State(StrEnum):
    """Whether requests pass."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


class Verdict(StrEnum):
    """How a request that passed ended."""

    ANSWERED = "answered"
    SLOW = "slow"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class BreakerPolicy:
    """When it opens, and for how long."""

    error_share: float
    slow_share: float
    minimum_calls: int
    """Below this many calls in the window, nothing opens it."""
    window_seconds: float
    open_seconds: float


@dataclass(slots=True)
class _Second:
    at: int
    calls: int = 0
    failed: int = 0
    slow: int = 0


class Breaker:
    """One for each model version."""

    def __init__(self, policy: BreakerPolicy, clock: Clock) -> None:
        self._policy = policy
        self._clock = clock
        self._seconds: deque[_Second] = deque()
        self._opened_at: float | None = None
        self._tried_at: float | None = None
        self._episode = 0
        self.open_reason: OpenReason = "broken"
        """Why it opened last."""

    @property
    def state(self) -> State:
        if self._opened_at is None:
            return State.CLOSED
        return State.HALF_OPEN if self._clock() - self._opened_at >= self._policy.open_seconds else State.OPEN

    def may_pass(self) -> bool:
        """Whether `enter` is allowed now: always while closed, one request at a time while half open."""
        if self.state is not State.HALF_OPEN:
            return self.state is State.CLOSED
        # A try that never reports (its caller left) blocks the next one for `open_seconds` only.
        return self._tried_at is None or self._clock() - self._tried_at >= self._policy.open_seconds

    def enter(self) -> int:
        """A pass for one request, to be handed to `leave` with how it ended."""
        if self.state is State.HALF_OPEN:
            self._tried_at = self._clock()
        return self._episode

    def leave(self, entered: int, verdict: Verdict) -> None:
        """Count the end of a request. One that entered before the last change of state says nothing about now."""
        if entered != self._episode:
            return
        if self._opened_at is None:
            self._count(verdict)
            self._open_if_needed()
        elif verdict is Verdict.ANSWERED:
            self._close()
        else:
            self._open("timeout" if verdict is Verdict.SLOW else "broken")

    def _count(self, verdict: Verdict) -> None:
        now = int(self._clock())
        if not self._seconds or self._seconds[-1].at != now:
            self._seconds.append(_Second(now))
        second = self._seconds[-1]
        second.calls += 1
        second.failed += verdict is Verdict.FAILED
        second.slow += verdict is Verdict.SLOW
        while self._seconds[0].at <= now - self._policy.window_seconds:
            self._seconds.popleft()

    def _open_if_needed(self) -> None:
        calls = sum(second.calls for second in self._seconds)
        if calls < self._policy.minimum_calls:
            return
        if sum(second.failed for second in self._seconds) >= self._policy.error_share * calls:
            self._open("broken")
        elif sum(second.slow for second in self._seconds) >= self._policy.slow_share * calls:
            self._open("timeout")

    def _open(self, reason: OpenReason) -> None:
        self.open_reason = reason
        self._opened_at = self._clock()
        self._tried_at = None
        self._episode += 1
        self._seconds.clear()

    def _close(self) -> None:
        self._opened_at = self._tried_at = None
        self._episode += 1
