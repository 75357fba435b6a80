"""The token queue between the event loop, which fills it, and the lanes, which empty it: one lock, no timer."""

import logging
import threading
from collections.abc import Iterable, Sequence
from typing import Generic, TypeVar

from summit_inference.batching import Batch, TokenQueue, share_tokens
from summit_inference.cost_model import CostModel, Load
from summit_inference.errors import ModelNotReady
from summit_inference.urgency import Work

_log = logging.getLogger(__name__)

P = TypeVar("P")


class SharedQueue(Generic[P]):
    """A `TokenQueue` for many threads."""

    def __init__(self, queue: TokenQueue[P], cost: CostModel, *, budget_tokens: int, least_tokens: int) -> None:
        self._queue = queue
        self._cost = cost
        self._budget_tokens = budget_tokens
        self._least_tokens = least_tokens
        self._changed = threading.Condition()
        self._idle_lanes = 0
        self._is_closed = False

    @property
    def tokens(self) -> int:
        """Tokens that wait, about: for a gauge, which is not worth a lock."""
        return self._queue.tokens

    @property
    def budget_tokens(self) -> int:
        """Of one batch; it shrinks when memory runs out."""
        return self._budget_tokens

    def put(self, works: Sequence[Work[P]], to_follow: Load = Load()) -> None:  # noqa: B008 - frozen
        """See `TokenQueue.put`; ModelNotReady once the queue is closed."""
        with self._changed:
            if self._is_closed:
                raise ModelNotReady("The model is stopping; retry later.")
            self._queue.put(works, to_follow)
            self._changed.notify()

    def take(self) -> Batch[P] | None:
        """The next batch for the calling lane, as soon as there is one; None once the queue is closed and empty.

        Lanes that are idle together share what waits, and a lane that leaves some wakes the next.
        """
        with self._changed:
            self._idle_lanes += 1
            self._changed.wait_for(lambda: self._queue.tokens or self._is_closed)
            share = share_tokens(self._queue.tokens, self._idle_lanes, self._budget_tokens, self._least_tokens)
            self._idle_lanes -= 1
            if not self._queue.tokens:
                return None
            batch = self._queue.take(share)
            if self._queue.tokens:
                self._changed.notify()
            return batch

    def done(self, batch: Batch[P]) -> None:
        """See `TokenQueue.done`."""
        with self._changed:
            self._queue.done(batch)

    def observe(self, load: Load, seconds: float) -> None:
        """A forward over `load` took `seconds`."""
        with self._changed:
            self._cost.observe(load, seconds)

    def cancel(self, works: Iterable[Work[P]]) -> int:
        """Give up on `works`; how many still waited."""
        with self._changed:
            return sum(self._queue.cancel(work) for work in works)

    def shrink_budget(self, failed_tokens: int) -> None:
        """Batches hold at most half of what was too much, from now on."""
        with self._changed:
            self._budget_tokens = max(1, min(self._budget_tokens, failed_tokens // 2))
            _log.warning("batch too large for memory", extra={"budget_tokens": self._budget_tokens})

    def close(self) -> None:
        """Let the lanes end once nothing waits."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()
