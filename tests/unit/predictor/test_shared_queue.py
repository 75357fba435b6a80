"""The queue between threads: waiting, sharing, waking, closing."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from predictor.shared_queue import SharedQueue
from summit_inference.batching import QueueLimits, TokenQueue
from summit_inference.cost_model import CostModel, Load
from summit_inference.errors import DeadlineExceeded, Overloaded
from summit_inference.urgency import Work

LIMITS = QueueLimits(
    queue_tokens=1000,
    budget_tokens=100,
    batch_tokens_beside_realtime=100,
    batch_floor=0.1,
    max_age_seconds=1.0,
    lanes=2,
)


def shared(least_tokens: int = 100) -> SharedQueue[str]:
    cost = CostModel()
    queue: TokenQueue[str] = TokenQueue(LIMITS, cost, lambda: 0.0)
    return SharedQueue(queue, cost, budget_tokens=100, least_tokens=least_tokens)


def works(*tokens: int) -> list[Work[str]]:
    return [Work(count, str(count)) for count in tokens]


def test_a_lane_that_waits_is_woken_by_work() -> None:
    queue = shared()
    with ThreadPoolExecutor(1) as lane:
        taken = lane.submit(queue.take)
        queue.put(works(10))
        batch = taken.result(timeout=10)
    assert batch is not None
    assert batch.load.tokens == 10


def test_one_order_wakes_as_many_lanes_as_it_feeds() -> None:
    queue = shared()
    with ThreadPoolExecutor(2) as lanes:
        taken = [lanes.submit(queue.take) for _ in range(2)]
        queue.put(works(60, 70))
        batches = [future.result(timeout=10) for future in taken]
    assert sorted(batch.load.tokens for batch in batches if batch) == [60, 70]


def test_a_closed_queue_gives_out_what_waits_and_then_ends_its_lanes() -> None:
    queue = shared()
    queue.put(works(10))
    queue.close()
    assert queue.take() is not None
    assert queue.take() is None


def test_closing_wakes_every_lane() -> None:
    queue = shared()
    with ThreadPoolExecutor(2) as lanes:
        taken = [lanes.submit(queue.take) for _ in range(2)]
        queue.close()
        assert [future.result(timeout=10) for future in taken] == [None, None]


def test_a_budget_shrinks_to_half_of_what_was_too_much_and_never_grows() -> None:
    queue = shared(least_tokens=1)
    queue.shrink_budget(80)
    queue.shrink_budget(1000)
    assert queue.budget_tokens == 40
    queue.put(works(30, 30))
    batch = queue.take()
    assert batch is not None
    assert batch.load.tokens == 30


def test_cancelled_work_is_counted_once() -> None:
    queue = shared()
    waiting = works(10, 20)
    queue.put(waiting)
    assert queue.cancel(waiting) == 2
    assert queue.cancel(waiting) == 0
    assert queue.tokens == 0


def test_what_lanes_observe_decides_about_deadlines() -> None:
    queue = shared()
    for tokens in (10, 50, 100):
        queue.observe(Load.of([tokens], 1), tokens * 0.01)
    queue.put(works(10))
    with pytest.raises(DeadlineExceeded):
        queue.put([Work(100, "hopeless", deadline_at=0.5)])
    batch = queue.take()
    assert batch is not None
    with pytest.raises(DeadlineExceeded):
        queue.put([Work(100, "hopeless", deadline_at=0.5)])
    queue.done(batch)
    queue.put([Work(100, "tried on an idle server", deadline_at=0.5)])


def test_no_text_is_lost_or_given_out_twice_between_many_threads() -> None:
    queue = shared()
    taken: list[str] = []
    lock = threading.Lock()

    def lane() -> None:
        while (batch := queue.take()) is not None:
            queue.done(batch)
            with lock:
                taken.extend(work.payload for work in batch.works)

    def caller(first: int) -> None:
        for at in range(first, first + 100):
            while True:
                try:
                    queue.put([Work(at % 40 + 1, str(at))])
                    break
                except Overloaded:
                    continue

    lanes = [threading.Thread(target=lane) for _ in range(3)]
    callers = [threading.Thread(target=caller, args=(first,)) for first in (0, 100)]
    for thread in (*lanes, *callers):
        thread.start()
    for thread in callers:
        thread.join()
    queue.close()
    for thread in lanes:
        thread.join()
    assert sorted(map(int, taken)) == list(range(200))
