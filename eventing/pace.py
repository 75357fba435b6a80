"""How many chunks at once: more while the model keeps up, half as many when it says that it does not.

Additive increase, multiplicative decrease, as TCP does: several consumers that do so share a model without speaking.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from summit_inference.deadline import Clock
from summit_inference.errors import Overloaded

_FEWEST = 1.0


class Pace:
    """The slots of one process."""

    def __init__(self, most: int, clock: Clock) -> None:
        self._most = float(most)
        self._limit = float(most)
        self._clock = clock
        self._paused_until = clock()
        self._taken = 0
        self._changed = asyncio.Condition()

    @property
    def width(self) -> int:
        """How many chunks may be worked on now; 0 while the model has asked for a pause."""
        return 0 if self._clock() < self._paused_until else int(self._limit)

    @asynccontextmanager
    async def slot(self, wait_seconds: float) -> AsyncIterator[None]:
        """A slot for the body.

        Raises:
            Overloaded: none became free in time.
        """
        await self._take(wait_seconds)
        try:
            yield
        finally:
            self._taken -= 1
            async with self._changed:
                self._changed.notify()

    def note_answer(self) -> None:
        """The model kept up."""
        self._limit = min(self._most, self._limit + 1 / self._limit)

    def note_busy(self, retry_after_seconds: float) -> None:
        """The model, or what stands before it, has too much to do."""
        self._limit = max(_FEWEST, self._limit / 2)
        self._paused_until = max(self._paused_until, self._clock() + retry_after_seconds)

    async def _take(self, wait_seconds: float) -> None:
        pause_seconds = self._paused_until - self._clock()
        if pause_seconds > wait_seconds:
            raise Overloaded(
                "The model has asked for a pause; send the chunk again.", retry_after_seconds=pause_seconds
            )
        try:
            async with asyncio.timeout(wait_seconds), self._changed:
                while int(self._limit) <= self._taken:
                    await self._changed.wait()
                self._taken += 1
        except TimeoutError:
            raise Overloaded("As many chunks as may be are worked on; send this one again.") from None
