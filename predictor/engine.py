"""The engine: token sequences in, labels out, computed by lanes that share one model.

A free lane takes what is queued at once (`batching.py` says what), computes it, and hands the answers to the event
loop. All that callers touch lives there; the queue alone is shared, under one lock. It knows neither torch nor V2.
"""

import asyncio
import logging
import math
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from predictor.call import Call, Text
from predictor.lane import Lane, Model, Outcome
from predictor.observer import BatchReport, DropReason, EngineObserver
from predictor.packing import TokenLabels, TokenSequence, portions
from predictor.shared_queue import SharedQueue
from predictor.supervision import Supervision, SupervisionLimits
from summit_inference.batching import Batch, QueueLimits, TokenQueue
from summit_inference.cost_model import CostModel, Load
from summit_inference.deadline import Clock, Deadline
from summit_inference.errors import (
    DeadlineExceeded,
    InternalError,
    ModelNotReady,
    Overloaded,
    SummitError,
    TooLarge,
)
from summit_inference.urgency import Work

_log = logging.getLogger(__name__)

_JOIN_SECONDS = 5.0
_LOOK_FOR_ROOM_SECONDS = 0.05
_PORTIONS = 2  # of the queue: no call holds more than one of them at a time
_STOPPING = "The model is starting or stopping; retry later."
_DEAD_LANE = "The server failed while it computed this text; the log has the reason."
_EXPIRED = "The time given by the caller is over; allow more with X-Request-Timeout-Ms."


@dataclass(frozen=True, slots=True)
class EngineLimits:
    """How the engine shares its machine.

    Units: tokens.
    """

    queue: QueueLimits
    least_tokens: int
    """Idle lanes share what waits in parts of at least this: below it, a forward is bound by reading the weights."""
    supervision: SupervisionLimits


class Engine:
    """Computes labels. It belongs to the event loop in which `start` was awaited."""

    def __init__(
        self, model: Model, limits: EngineLimits, observer: EngineObserver, clock: Clock = time.monotonic
    ) -> None:
        self._model = model
        self._limits = limits
        self._observer = observer
        self._clock = clock
        cost, budget = CostModel(), limits.queue.budget_tokens
        queue: TokenQueue[Text] = TokenQueue(limits.queue, cost, clock)
        self._queue = SharedQueue(queue, cost, budget_tokens=budget, least_tokens=limits.least_tokens)
        self._supervision = Supervision(limits.supervision, limits.queue.lanes, clock)
        self._lanes: dict[int, Lane] = {}
        self._calls: set[Call] = set()
        self._is_accepting = False
        self._loop: asyncio.AbstractEventLoop
        self._started: asyncio.Future[None]
        self._open = 0
        self._idle = asyncio.Event()
        self._idle.set()

    @property
    def is_healthy(self) -> bool:
        """Whether every lane takes work and gets somewhere; where it stays False, restart the process."""
        return self._supervision.is_healthy(lane.busy_since for lane in self._lanes.values())

    @property
    def is_ready(self) -> bool:
        """Whether `infer` would answer now."""
        return self._is_accepting and self.is_healthy

    async def start(self) -> None:
        """Start the lanes and let them warm up; ready when it returns.

        Raises:
            InternalError: the model fails on its first texts.
        """
        self._loop = asyncio.get_running_loop()
        self._started = self._loop.create_future()
        for index in range(self._limits.queue.lanes):
            self._start_lane(index)
        try:
            await self._started
        except InternalError:
            self._queue.close()
            raise
        self._is_accepting = True

    async def infer(
        self, sequences: Sequence[TokenSequence], *, deadline: Deadline | None = None, is_batch: bool = False
    ) -> list[TokenLabels]:
        """The labels of every sequence, in order. A cancelled call costs no forward pass that has not begun.

        Raises:
            Overloaded: the queue has no room, or not in time.
            TooLarge: one sequence is longer than the queue.
            DeadlineExceeded: the caller's time is over, or known to be too short.
            ModelNotReady: the engine is not started, drains, or has no lane left.
            InternalError: the model failed on one of these sequences.
        """
        if not (self._is_accepting and self._supervision.is_any_warm):
            raise ModelNotReady(_STOPPING)
        seconds = None if deadline is None else deadline.remaining_seconds()
        deadline_at = math.inf if seconds is None else self._clock() + seconds
        self._begin()
        try:
            async with asyncio.timeout(seconds):
                return await self._in_portions(sequences, deadline_at, is_batch=is_batch)
        except TimeoutError as error:
            raise DeadlineExceeded(_EXPIRED) from error
        finally:
            self._end()

    async def drain(self) -> None:
        """Refuse new calls and return once all that were accepted are answered."""
        self._is_accepting = False
        await self._idle.wait()

    async def close(self) -> None:
        """Refuse new calls, fail those that wait, and end the lanes after the batches that they are computing."""
        self._is_accepting = False
        for call in list(self._calls):
            call.fail(ModelNotReady(_STOPPING))
            self._queue.cancel(call.works)
        self._queue.close()
        for lane in self._lanes.values():
            await asyncio.to_thread(lane.join, _JOIN_SECONDS)

    def lane_ready(self, lane: Lane) -> None:
        """See `LaneHost`."""
        self._in_loop(lambda: self._on_ready(lane))

    def lane_answered(self, lane: Lane, outcome: Outcome) -> None:
        """See `LaneHost`."""
        self._in_loop(lambda: self._on_answers(lane, outcome))

    def lane_died(self, lane: Lane, batch: Batch[Text] | None, error: BaseException) -> None:
        """See `LaneHost`."""
        self._in_loop(lambda: self._on_death(lane, batch, error))

    async def _in_portions(
        self, sequences: Sequence[TokenSequence], deadline_at: float, *, is_batch: bool
    ) -> list[TokenLabels]:
        """A call that is large goes through the queue bit by bit, so that others get in between."""
        labels: list[TokenLabels] = []
        for portion in portions(sequences, self._limits.queue.queue_tokens // _PORTIONS):
            to_follow = Load.of(map(len, sequences[len(labels) + len(portion) :]))
            call = Call(portion, deadline_at, is_batch=is_batch)
            await self._enqueue(call, to_follow, has_begun=bool(labels))
            try:
                labels += await call.answered
            finally:
                self._forget(call)
        return labels

    async def _enqueue(self, call: Call, to_follow: Load, *, has_begun: bool) -> None:
        """Queue a portion. Of a call that has begun, it waits for room: what was computed is not thrown away."""
        while has_begun:
            with suppress(Overloaded):
                return self._put(call, to_follow)
            await asyncio.sleep(_LOOK_FOR_ROOM_SECONDS)
        try:
            self._put(call, to_follow)
        except (Overloaded, TooLarge, DeadlineExceeded) as error:
            reason = DropReason.HOPELESS if isinstance(error, DeadlineExceeded) else DropReason.OVERLOADED
            self._observer.dropped(reason, len(call.works))
            raise

    def _put(self, call: Call, to_follow: Load) -> None:
        self._queue.put(call.works, to_follow)
        self._calls.add(call)
        self._observer.queue_changed(self._queue.tokens)

    def _forget(self, call: Call) -> None:
        self._calls.discard(call)
        if not call.is_complete and (waited := self._queue.cancel(call.works)):
            self._observer.dropped(DropReason.CANCELLED, waited)
            self._observer.queue_changed(self._queue.tokens)

    def _begin(self) -> None:
        self._open += 1
        self._idle.clear()

    def _end(self) -> None:
        self._open -= 1
        if not self._open:
            self._idle.set()

    def _start_lane(self, index: int) -> None:
        self._lanes[index] = Lane(index, self._model, self._queue, host=self, clock=self._clock)
        self._lanes[index].start()

    def _in_loop(self, callback: Callable[[], None]) -> None:
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            self._loop.call_soon_threadsafe(callback)

    def _on_ready(self, lane: Lane) -> None:
        self._supervision.became_warm(lane.index)
        if self.is_healthy and not self._started.done():
            self._started.set_result(None)

    def _on_answers(self, lane: Lane, outcome: Outcome) -> None:
        _fail(outcome.batch.expired, lambda: DeadlineExceeded(_EXPIRED))
        for work, answer in outcome.answers:
            _settle(work.payload, answer)
        failures = [isinstance(answer, InternalError) for _, answer in outcome.answers]
        self._supervision.answered(failures)
        if outcome.batch.expired:
            self._observer.dropped(DropReason.EXPIRED, len(outcome.batch.expired))
        if outcome.answers:
            self._observer.batch_computed(self._report(lane, outcome, sum(failures)))
        self._observer.queue_changed(self._queue.tokens)

    def _report(self, lane: Lane, outcome: Outcome, failed: int) -> BatchReport:
        works = outcome.batch.works
        return BatchReport(
            lane=lane.index,
            tokens=outcome.batch.load.tokens,
            computed_tokens=self._model.computed_tokens([work.tokens for work in works]),
            waits_seconds=tuple(outcome.started_at - work.enqueued_at for work in works),
            compute_seconds=outcome.compute_seconds,
            failed=failed,
        )

    def _on_death(self, lane: Lane, batch: Batch[Text] | None, error: BaseException) -> None:
        _log.error("lane died", exc_info=error, extra={"lane": lane.index})
        if batch is not None:
            _fail((*batch.works, *batch.expired), lambda: InternalError(_DEAD_LANE))
        is_restarted = self._supervision.died(lane.index)
        if not self._started.done():
            self._started.set_exception(InternalError("The model fails on its first texts; the log has the reason."))
        elif is_restarted:
            self._start_lane(lane.index)
        elif not self._supervision.is_any_warm:
            self._queue.close()
            for call in self._calls:
                call.fail(ModelNotReady(_STOPPING))


def _settle(text: Text, answer: TokenLabels | SummitError) -> None:
    if isinstance(answer, SummitError):
        text.call.fail(answer)
    else:
        text.call.answer(text.at, answer)


def _fail(works: Iterable[Work[Text]], error: Callable[[], SummitError]) -> None:
    """Give each an error of its own: an exception that several callers raise mixes up their tracebacks."""
    for work in works:
        work.payload.call.fail(error())
