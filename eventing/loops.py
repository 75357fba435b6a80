"""What the one replica that is always on does beside its port: publish, deliver, watch, clean up.

Each round is short and complete: what a round does not do, the next one, or another replica, does.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from eventing.bell import Bell, Ear
from eventing.ledger import Message, Upkeep
from eventing.outbox import Publisher
from eventing.pace import Pace
from eventing.queue import EmbeddedQueue
from summit_inference import metrics
from summit_inference.errors import SummitError

_log = logging.getLogger(__name__)
_OTHERS_AT_ONCE = 2
_AFTER_FAULT_SECONDS = 1.0
_LET_FINISH_SECONDS = 5.0
_DAY_SECONDS = 86_400.0

Round = Callable[[], Awaitable[float]]
"""Does what there is to do; for how many seconds it may then rest."""


@dataclass(frozen=True, slots=True)
class Loop:
    """A round, over and over; a ring ends a rest."""

    one_round: Round
    ear: Ear


@asynccontextmanager
async def running(*loops: Loop) -> AsyncIterator[None]:
    """Go round and round while the body runs. At its end every round that has begun comes to its own."""
    stopping = asyncio.Event()
    tasks = [asyncio.create_task(_go_round(each, stopping)) for each in loops]
    try:
        yield
    finally:
        stopping.set()
        for each in loops:
            each.ear.rung.set()
        await asyncio.gather(*tasks)


async def _go_round(loop: Loop, stopping: asyncio.Event) -> None:
    while not stopping.is_set():
        rest_seconds = await _rest_seconds(loop.one_round)
        if rest_seconds > 0:
            await loop.ear.listen(rest_seconds)


async def _rest_seconds(one_round: Round) -> float:
    try:
        return await one_round()
    except SummitError as error:
        _log.warning("a round failed", extra={"code": error.code, "reason": error.message})
    except Exception:  # noqa: BLE001 - the root of a task
        _log.exception("a round failed")
    return _AFTER_FAULT_SECONDS


@dataclass(frozen=True, slots=True)
class Publishing:
    """Rounds of the outbox."""

    publisher: Publisher
    bell: Bell
    poll_seconds: float

    async def __call__(self) -> float:
        """Publish all that is due."""
        if not await self.publisher.publish_due():
            return self.poll_seconds
        self.bell.ring()
        return 0.0


@dataclass(frozen=True, slots=True)
class Delivering:
    """Rounds of the embedded queue: as many chunks at once as the pace allows, and a few events besides."""

    queue: EmbeddedQueue
    pace: Pace
    bell: Bell
    poll_seconds: float
    _chunks: set[asyncio.Task[None]] = field(default_factory=set)
    _others: set[asyncio.Task[None]] = field(default_factory=set)

    async def __call__(self) -> float:
        """Begin to deliver what is due."""
        chunks = await self.queue.claim(self.pace.width - len(self._chunks), needs_model=True)
        others = await self.queue.claim(_OTHERS_AT_ONCE - len(self._others), needs_model=False)
        self._begin(chunks, self._chunks)
        self._begin(others, self._others)
        return 0.0 if chunks or others else self.poll_seconds

    async def aclose(self) -> None:
        """Let what is being delivered come to its end, for a while; what does not is delivered again."""
        tasks = [*self._chunks, *self._others]
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=_LET_FINISH_SECONDS)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    def _begin(self, messages: list[Message], tasks: set[asyncio.Task[None]]) -> None:
        for message in messages:
            task = asyncio.create_task(self.queue.deliver(message))
            tasks.add(task)
            task.add_done_callback(tasks.discard)
            task.add_done_callback(lambda _: self.bell.ring())


@dataclass(frozen=True, slots=True)
class Watching:
    """Rounds that export what waits, and remove what is old."""

    upkeep: Upkeep
    watch_seconds: float
    retention_days: float

    async def __call__(self) -> float:
        """Look once."""
        revived = await asyncio.to_thread(self.upkeep.revive)
        if revived:
            _log.warning("jobs of which nothing was heard go on", extra={"jobs": revived})
        backlog = await asyncio.to_thread(self.upkeep.backlog)
        metrics.JOBS_QUEUED.set(backlog.jobs)
        metrics.JOB_OLDEST_SECONDS.set(backlog.oldest_seconds)
        metrics.CHUNKS_OPEN.set(backlog.chunks)
        metrics.OUTBOX_EVENTS.set(backlog.outbox)
        metrics.QUARANTINED.set(backlog.quarantined)
        seconds = self.retention_days * _DAY_SECONDS
        removed = await asyncio.to_thread(self.upkeep.purge, jobs_seconds=seconds, quarantine_seconds=seconds)
        if removed:
            _log.info("old jobs removed", extra={"jobs": removed})
        return self.watch_seconds
