"""Whether one model version is ready, learnt from its answers, and woken in the background when it is not.

Nothing is asked while it answers: a poll would keep a revision from scaling to zero. After a pause, or after a timeout,
its standing is unknown, and the next request asks first. Asking is also what wakes it: behind Knative the question is
held until a pod is up.
"""

import asyncio
import contextvars
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass

from gateway.degrade import Standing
from summit_inference.deadline import Clock
from summit_inference.errors import SummitError
from summit_inference.extraction import DegradedReason
from summit_inference.metrics import COLD_START_SECONDS, COLD_STARTS

_log = logging.getLogger(__name__)

Sleep = Callable[[float], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class WakePolicy:
    """How long an answer proves readiness, and how a model is woken."""

    idle_seconds: float
    """After this long without an answer, its standing is unknown."""
    interval_seconds: float
    """Between two questions, while it is not ready."""
    give_up_seconds: float
    """After this long, nobody asks until the next request."""


class Readiness:
    """What is known of one model version. `ask` is the question; it runs outside of any caller's request."""

    def __init__(
        self,
        ask: Callable[[], Awaitable[bool]],
        policy: WakePolicy,
        clock: Clock,
        *,
        version_label: str = "",
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._ask = ask
        self._policy = policy
        self._clock = clock
        self._version_label = version_label
        self._cold_starts = COLD_STARTS.labels(version_label)
        self._cold_start_seconds = COLD_START_SECONDS.labels(version_label)  # from 0 on, or `increase` misses the first
        self._sleep = sleep
        self._is_down = False
        self._answered_at: float | None = None
        self._ready = asyncio.Event()
        self._known = asyncio.Event()
        self._waking: asyncio.Task[None] | None = None
        self.down_reason: DegradedReason = "cold"
        """Why it is not ready: `broken` if it failed while it was."""

    @property
    def standing(self) -> Standing:
        if self._is_down:
            return Standing.NOT_READY
        if self._answered_at is None or self._clock() - self._answered_at >= self._policy.idle_seconds:
            return Standing.UNKNOWN
        return Standing.READY

    def note_answer(self) -> None:
        """It answered, so it is ready."""
        self._answered_at = self._clock()
        self._is_down = False
        self._ready.set()
        self._known.set()

    def note_doubt(self, asked_at: float) -> None:
        """It did not answer in time. If it has not since `asked_at` either, the next request probes it."""
        if self._answered_at is not None and self._answered_at < asked_at:
            self._answered_at = None

    def note_down(self, reason: DegradedReason) -> None:
        """It says that it is not ready, or nobody is there. It is woken."""
        if not self._is_down:
            self.down_reason = reason
            self._is_down, self._answered_at = True, None
            self._cold_starts.inc()
            _log.warning("model not ready", extra={"model_version": self._version_label, "reason": reason})
        self._wake()
        self._known.set()

    async def probe(self, seconds: float) -> None:
        """Find out its standing: no sign within `seconds` means that it is cold."""
        self._wake()
        try:
            await asyncio.wait_for(self._known.wait(), seconds)
        except TimeoutError:
            self.note_down("cold")

    async def wait(self, seconds: float) -> bool:
        """Whether it is ready within `seconds`. It is woken if it is not."""
        self._wake()
        try:
            await asyncio.wait_for(self._ready.wait(), seconds)
        except TimeoutError:
            return False
        return True

    async def aclose(self) -> None:
        """End the waking."""
        if self._waking:
            self._waking.cancel()
            with suppress(asyncio.CancelledError):
                await self._waking

    def _wake(self) -> None:
        """Ask until it is ready, one question at a time. The task must not inherit the deadline of who caused it."""
        if self._waking is None or self._waking.done():
            self._ready.clear()
            self._known.clear()
            self._waking = asyncio.create_task(self._ask_until_ready(), context=contextvars.Context())

    async def _ask_until_ready(self) -> None:
        since = self._clock()
        while self._clock() - since < self._policy.give_up_seconds:
            if await self._is_ready():
                if self._is_down:
                    self._cold_start_seconds.observe(self._clock() - since)
                    _log.info("model ready", extra={"model_version": self._version_label})
                self.note_answer()
                return
            if not self._is_down:
                self.note_down("cold")
            await self._sleep(self._policy.interval_seconds)
        _log.error("model did not become ready", extra={"model_version": self._version_label})
        self._is_down = False

    async def _is_ready(self) -> bool:
        try:
            return await self._ask()
        except SummitError:
            return False
