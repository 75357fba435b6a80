"""Which texts share the next forward pass: a token-budget queue that never waits for company.

A free lane takes what is queued, up to its budget; while it computes, the next batch forms by itself. Pure policy: the
clock is passed in, and whoever has threads brings a lock (`predictor/shared_queue.py`). It knows no tensors.

Order: by urgency, which is the deadline, but at most `max_age_seconds` after arrival. So urgent work goes first, and
nothing that arrives later than `max_age_seconds` after a text can overtake it, however long that text is.

A prediction refuses work only where others wait: on an idle server a hopeless text harms nobody, and its time teaches
the cost model, so that a wrong fit can never lock everyone out.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from summit_inference.cost_model import CostModel, Load
from summit_inference.errors import DeadlineExceeded, Overloaded, TooLarge
from summit_inference.urgency import UrgencyHeap, Work

P = TypeVar("P")

_HALF_DONE = 0.5  # of a running forward, on average, is still to come
_RETRY_AFTER_SECONDS = (0.1, 30.0)


@dataclass(frozen=True, slots=True)
class QueueLimits:
    """Bounds of the queue and of a batch.

    Units: tokens, seconds; `batch_floor` is the share of tokens, from 0 to below 1, of batch work while realtime waits.
    """

    queue_tokens: int
    budget_tokens: int
    batch_tokens_beside_realtime: int
    batch_floor: float
    max_age_seconds: float
    lanes: int


@dataclass(frozen=True, slots=True, eq=False)
class Batch(Generic[P]):
    """What `take` found: `works` to compute, shortest first, and `expired`, to be answered with DeadlineExceeded."""

    works: tuple[Work[P], ...]
    expired: tuple[Work[P], ...]
    load: Load
    """Of one forward over all `works`."""


class TokenQueue(Generic[P]):
    """Work that waits, in two classes: realtime before batch, which has a floor."""

    def __init__(self, limits: QueueLimits, cost: CostModel, clock: Callable[[], float]) -> None:
        self._limits = limits
        self._cost = cost
        self._clock = clock
        self._realtime: UrgencyHeap[P] = UrgencyHeap()
        self._batch: UrgencyHeap[P] = UrgencyHeap()
        self._running = Load()
        self._owed_tokens = 0.0  # to batch work, by its floor

    @property
    def tokens(self) -> int:
        """Tokens that wait."""
        return self._realtime.load.tokens + self._batch.load.tokens

    def put(self, works: Sequence[Work[P]], to_follow: Load = Load()) -> None:  # noqa: B008 - frozen
        """Queue all of `works` or, when this raises, none: they are one caller's and share its deadline and class.

        `to_follow` is what the caller will put once these are done: its deadline must hold for all.

        Raises:
            TooLarge: they would not fit into an empty queue.
            Overloaded: the queue is full, or what waits ahead uses up the caller's time.
            DeadlineExceeded: the time is over, or would be if nothing waited ahead.
        """
        now = self._clock()
        for work in works:
            work.enqueued_at = now
        load = self._with_forwards(Load.of(work.tokens for work in works))
        self._check_room(load)
        self._check_deadline(self._with_forwards(load + to_follow), works[0], now)
        for work in works:
            self._heap_of(work).push(work, self._urgency(work))

    def take(self, budget_tokens: int) -> Batch[P]:
        """The next batch, of at most `budget_tokens` (a longer text goes alone); empty when nothing waits."""
        expired: list[Work[P]] = []
        works = sorted(self._picked(budget_tokens, expired), key=lambda work: work.tokens)
        load = Load.of((work.tokens for work in works), forwards=1 if works else 0)
        self._running += load
        return Batch(tuple(works), tuple(expired), load)

    def done(self, batch: Batch[P]) -> None:
        """A batch that `take` gave out is no longer running, whatever came of it."""
        self._running -= batch.load

    def cancel(self, work: Work[P]) -> bool:
        """Give up on `work`; whether it still waited, so that its room is free at once."""
        return self._heap_of(work).cancel(work)

    def drain_seconds(self) -> float:
        """When all that waits now would be done, by the cost model."""
        return self._wait_seconds(self._realtime.load + self._batch.load)

    def _check_room(self, load: Load) -> None:
        capacity = self._limits.queue_tokens
        if load.tokens > capacity:
            raise TooLarge(
                f"The request holds {load.tokens} tokens, of at most {capacity}; send fewer texts at a time."
            )
        if self.tokens + load.tokens > capacity:
            raise Overloaded("The queue is full; retry later.", retry_after_seconds=self._retry_after_seconds())

    def _check_deadline(self, load: Load, first: Work[P], now: float) -> None:
        if first.deadline_at == math.inf:
            return
        alone = self._cost.seconds(load) / min(self._limits.lanes, max(1, load.forwards))
        if now >= first.deadline_at or (now + alone > first.deadline_at and not self._is_idle()):
            raise DeadlineExceeded(
                "The time given by the caller is too short for this request; allow more, or send less."
            )
        if now + alone + self._wait_seconds(self._load_ahead_of(first)) > first.deadline_at and not self._is_idle():
            raise Overloaded(
                "What waits ahead uses up the time given by the caller; retry later, or allow more time.",
                retry_after_seconds=self._retry_after_seconds(),
            )

    def _is_idle(self) -> bool:
        return self.tokens == 0 and self._running.tokens == 0

    def _load_ahead_of(self, work: Work[P]) -> Load:
        """What would go before `work`: the more urgent of its class, and before batch work all realtime work."""
        if work.is_batch:
            return self._realtime.load + self._batch.load_before(self._urgency(work))
        return self._realtime.load_before(self._urgency(work))

    def _wait_seconds(self, waiting: Load) -> float:
        running = _HALF_DONE * self._cost.seconds(self._running)
        return (running + self._cost.seconds(self._with_forwards(waiting))) / self._limits.lanes

    def _retry_after_seconds(self) -> float:
        low, high = _RETRY_AFTER_SECONDS
        return min(high, max(low, self.drain_seconds()))

    def _with_forwards(self, load: Load) -> Load:
        return Load(load.tokens, load.squares, math.ceil(load.tokens / self._limits.budget_tokens))

    def _urgency(self, work: Work[P]) -> float:
        return min(work.deadline_at, work.enqueued_at + self._limits.max_age_seconds)

    def _heap_of(self, work: Work[P]) -> UrgencyHeap[P]:
        return self._batch if work.is_batch else self._realtime

    def _picked(self, budget: int, expired: list[Work[P]]) -> list[Work[P]]:
        if not self._head(self._realtime, expired):
            self._owed_tokens = 0.0
            return self._filled(self._batch, budget, expired, always_one=True)
        if not (waiting := self._head(self._batch, expired)):
            return self._filled(self._realtime, budget, expired, always_one=True)
        floor = self._limits.batch_floor
        cap = max(self._limits.batch_tokens_beside_realtime, int(floor * budget))
        owed: list[Work[P]] = []
        if self._owed_tokens >= waiting.tokens:
            owed = self._filled(self._batch, min(cap, budget, int(self._owed_tokens)), expired, always_one=True)
        room = budget - _tokens(owed)
        realtime = self._filled(self._realtime, room, expired, always_one=not owed)
        room = min(room - _tokens(realtime), cap - _tokens(owed))
        beside = self._filled(self._batch, room, expired, always_one=False)
        earned = _tokens(realtime) * floor / (1 - floor)
        self._owed_tokens = max(0.0, self._owed_tokens + earned - _tokens(owed) - _tokens(beside))
        return [*owed, *realtime, *beside]

    def _filled(self, heap: UrgencyHeap[P], room: int, expired: list[Work[P]], *, always_one: bool) -> list[Work[P]]:
        """The most urgent work of one class that fits into `room`; with `always_one`, the first even if it is longer.

        It stops at the first that does not fit, so that a long text is next, not passed over.
        """
        works: list[Work[P]] = []
        while (head := self._head(heap, expired)) and (head.tokens <= room or (always_one and not works)):
            works.append(heap.pop())
            room -= head.tokens
        return works

    def _head(self, heap: UrgencyHeap[P], expired: list[Work[P]]) -> Work[P] | None:
        """The most urgent work whose time is not over."""
        while (head := heap.head()) and self._is_hopeless(head):
            expired.append(heap.pop())
        return head

    def _is_hopeless(self, work: Work[P]) -> bool:
        if work.deadline_at == math.inf:
            return False
        now = self._clock()
        alone = self._cost.seconds(Load.of([work.tokens], forwards=1))
        is_only_one = self.tokens == work.tokens
        return now >= work.deadline_at or (now + alone > work.deadline_at and not is_only_one)


def share_tokens(queued_tokens: int, idle_lanes: int, budget_tokens: int, least_tokens: int) -> int:
    """The budget of one of several idle lanes: an equal part of what waits, but enough for an efficient forward."""
    return min(budget_tokens, max(least_tokens, math.ceil(queued_tokens / max(1, idle_lanes))))


def _tokens(works: Sequence[Work[P]]) -> int:
    return sum(work.tokens for work in works)
