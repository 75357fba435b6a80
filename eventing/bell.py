"""Wakes those who look at intervals, when there is something to see."""

import asyncio
import contextlib


class Ear:
    """One who listens. A ring while it was busy is heard when it listens again."""

    def __init__(self) -> None:
        self.rung = asyncio.Event()

    async def listen(self, seconds: float) -> None:
        """Until it rings, at most so long."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.rung.wait(), seconds)
        self.rung.clear()


class Bell:
    """Rung by whoever makes work."""

    def __init__(self) -> None:
        self._ears: list[Ear] = []

    def ear(self) -> Ear:
        """A new listener."""
        ear = Ear()
        self._ears.append(ear)
        return ear

    def ring(self) -> None:
        """Wake everybody who listens."""
        for ear in self._ears:
            ear.rung.set()
