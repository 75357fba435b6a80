"""Work that waits for a forward pass, ordered by urgency, its load counted, its cancelled entries passed over."""

import heapq
import math
from dataclasses import dataclass, field
from itertools import count
from typing import Generic, TypeVar

from summit_inference.cost_model import Load

P = TypeVar("P")


@dataclass(slots=True, eq=False)
class Work(Generic[P]):
    """One text that waits for its forward pass. It leaves a heap once: popped, or cancelled.

    Units: `deadline_at` and `enqueued_at` are instants of the queue's clock, in seconds.
    """

    tokens: int
    payload: P
    deadline_at: float = math.inf
    is_batch: bool = False
    enqueued_at: float = field(default=0.0, init=False)
    is_queued: bool = field(default=False, init=False)
    is_cancelled: bool = field(default=False, init=False)


class UrgencyHeap(Generic[P]):
    """The most urgent first (the smallest number); of equals, the first that came."""

    def __init__(self) -> None:
        self._entries: list[tuple[float, int, Work[P]]] = []
        self._arrivals = count()
        self._live = 0
        self._tokens = 0
        self._squares = 0

    def __len__(self) -> int:
        return self._live

    @property
    def load(self) -> Load:
        """All that waits, as no forward yet."""
        return Load(self._tokens, self._squares)

    def load_before(self, urgency: float) -> Load:
        """What waits and is at least as urgent."""
        return Load.of(work.tokens for at, _, work in self._entries if at <= urgency and work.is_queued)

    def push(self, work: Work[P], urgency: float) -> None:
        """Add `work`."""
        work.is_queued = True
        heapq.heappush(self._entries, (urgency, next(self._arrivals), work))
        self._count(work, 1)

    def head(self) -> Work[P] | None:
        """The most urgent work; None where nothing waits."""
        while self._entries and not self._entries[0][2].is_queued:
            heapq.heappop(self._entries)
        return self._entries[0][2] if self._entries else None

    def pop(self) -> Work[P]:
        """Remove what `head` showed."""
        _, _, work = heapq.heappop(self._entries)
        self._leave(work)
        return work

    def cancel(self, work: Work[P]) -> bool:
        """Give up on `work`; whether it still waited. Its entry goes later, all at once, when most are such."""
        work.is_cancelled = True
        if not work.is_queued:
            return False
        self._leave(work)
        if len(self._entries) > 2 * self._live:
            self._entries = [entry for entry in self._entries if entry[2].is_queued]
            heapq.heapify(self._entries)
        return True

    def _leave(self, work: Work[P]) -> None:
        work.is_queued = False
        self._count(work, -1)

    def _count(self, work: Work[P], sign: int) -> None:
        self._live += sign
        self._tokens += sign * work.tokens
        self._squares += sign * work.tokens * work.tokens
