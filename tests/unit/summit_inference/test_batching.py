"""The token-budget queue: who shares a forward, who goes first, and who is refused."""

import math
from collections.abc import Iterable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from summit_inference.batching import Batch, QueueLimits, TokenQueue, share_tokens
from summit_inference.cost_model import CostModel, Load
from summit_inference.errors import DeadlineExceeded, Overloaded, SummitError, TooLarge
from summit_inference.urgency import Work

LIMITS = QueueLimits(
    queue_tokens=1000,
    budget_tokens=100,
    batch_tokens_beside_realtime=40,
    batch_floor=0.1,
    max_age_seconds=1.0,
    lanes=1,
)


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def taught(seconds_per_token: float) -> CostModel:
    cost = CostModel()
    for tokens in (10, 50, 100, 20, 80):
        cost.observe(Load.of([tokens], 1), seconds_per_token * tokens)
    return cost


def queue(clock: Clock, limits: QueueLimits = LIMITS, cost: CostModel | None = None) -> TokenQueue[str]:
    return TokenQueue(limits, cost or CostModel(), clock)


def put(target: TokenQueue[str], name: str, tokens: int, *, deadline_at: float = math.inf, batch: bool = False) -> None:
    target.put([Work(tokens, name, deadline_at, batch)])


def names(batch: Batch[str]) -> list[str]:
    return [work.payload for work in batch.works]


def taken(target: TokenQueue[str], budget: int = LIMITS.budget_tokens) -> list[list[str]]:
    """Every batch until nothing waits."""
    batches = []
    while target.tokens:
        batch = target.take(budget)
        target.done(batch)
        batches.append(names(batch))
    return batches


def test_a_batch_holds_what_waits_up_to_the_budget_shortest_first() -> None:
    waiting = queue(Clock())
    for name, tokens in [("a", 50), ("b", 20), ("c", 30), ("d", 1)]:
        put(waiting, name, tokens)
    assert taken(waiting) == [["b", "c", "a"], ["d"]]


def test_a_text_longer_than_the_budget_goes_alone() -> None:
    waiting = queue(Clock())
    put(waiting, "long", 300)
    put(waiting, "short", 5)
    assert taken(waiting) == [["long"], ["short"]]


def test_what_does_not_fit_is_next_and_not_passed_over() -> None:
    waiting = queue(Clock())
    for name, tokens in [("a", 60), ("long", 90), ("b", 30)]:
        put(waiting, name, tokens)
    assert taken(waiting) == [["a"], ["long"], ["b"]]


def test_the_earliest_deadline_goes_first() -> None:
    clock = Clock()
    waiting = queue(clock)
    put(waiting, "patient", 90)
    put(waiting, "soon", 90, deadline_at=clock.now + 0.5)
    put(waiting, "sooner", 90, deadline_at=clock.now + 0.2)
    assert taken(waiting) == [["sooner"], ["soon"], ["patient"]]


def test_nothing_that_comes_later_than_the_age_cap_overtakes() -> None:
    clock = Clock()
    waiting = queue(clock)
    put(waiting, "old", 90)
    clock.now += LIMITS.max_age_seconds + 0.01
    put(waiting, "urgent", 90, deadline_at=clock.now + 0.01)
    assert taken(waiting) == [["old"], ["urgent"]]


def test_realtime_goes_before_batch_which_rides_along_in_what_is_left() -> None:
    waiting = queue(Clock())
    for name in "abc":
        put(waiting, name, 20, batch=True)
    put(waiting, "now", 50)
    assert taken(waiting) == [["a", "b", "now"], ["c"]]


def test_batch_work_alone_fills_the_budget() -> None:
    waiting = queue(Clock())
    for name in "abcde":
        put(waiting, name, 20, batch=True)
    assert len(waiting.take(100).works) == 5


def test_batch_work_gets_its_floor_while_realtime_work_never_ends() -> None:
    waiting = queue(Clock(), replace(LIMITS, queue_tokens=10_000))
    for at in range(20):
        put(waiting, f"batch {at}", 20, batch=True)
    batch_tokens = all_tokens = 0
    for at in range(20):
        put(waiting, f"now {at}", 100)
        batch = waiting.take(100)
        waiting.done(batch)
        batch_tokens += sum(work.tokens for work in batch.works if work.is_batch)
        all_tokens += batch.load.tokens
    assert batch_tokens >= LIMITS.batch_floor * all_tokens - 20


def test_a_batch_text_longer_than_the_budget_is_not_starved_by_realtime_work() -> None:
    waiting = queue(Clock())
    put(waiting, "book", 150, batch=True)
    for at in range(20):
        put(waiting, f"now {at}", 100)
        if "book" in names(waiting.take(100)):
            return
    pytest.fail("it never came")


def test_a_full_queue_refuses_at_once_and_says_when_to_come_back() -> None:
    waiting = queue(Clock(), cost=taught(seconds_per_token=0.01))
    put(waiting, "a", 950)
    with pytest.raises(Overloaded) as refused:
        put(waiting, "b", 51)
    assert refused.value.retry_after_seconds == pytest.approx(9.5, rel=0.1)
    assert waiting.tokens == 950


def test_a_request_that_no_queue_could_hold_is_too_large() -> None:
    with pytest.raises(TooLarge, match="1001 tokens"):
        put(queue(Clock()), "a", 1001)


def test_of_one_caller_s_texts_all_are_queued_or_none() -> None:
    waiting = queue(Clock())
    put(waiting, "a", 500)
    with pytest.raises(Overloaded):
        waiting.put([Work(300, "b"), Work(300, "c")])
    assert taken(waiting) == [["a"]]


def test_cancelled_work_leaves_room_and_is_skipped() -> None:
    waiting = queue(Clock())
    work = Work(900, "gone")
    waiting.put([work])
    assert waiting.cancel(work)
    put(waiting, "b", 950)
    assert taken(waiting) == [["b"]]


def test_a_deadline_that_is_over_is_refused() -> None:
    clock = Clock()
    with pytest.raises(DeadlineExceeded):
        put(queue(clock), "a", 10, deadline_at=clock.now)


def test_what_waits_ahead_may_use_up_the_time() -> None:
    clock = Clock()
    waiting = queue(clock, cost=taught(seconds_per_token=0.01))
    put(waiting, "ahead", 100)
    with pytest.raises(Overloaded, match="ahead"):
        put(waiting, "b", 50, deadline_at=clock.now + 1.45)
    put(waiting, "c", 50)


def test_less_urgent_work_does_not_stand_in_the_way_of_a_deadline() -> None:
    clock = Clock()
    waiting = queue(clock, cost=taught(seconds_per_token=0.001))
    put(waiting, "patient", 900)
    put(waiting, "soon", 50, deadline_at=clock.now + 0.1)
    assert names(waiting.take(100)) == ["soon"]


def test_a_text_that_takes_longer_than_its_caller_waits_is_refused_while_others_wait() -> None:
    clock = Clock()
    waiting = queue(clock, cost=taught(seconds_per_token=0.01))
    put(waiting, "other", 10)
    with pytest.raises(DeadlineExceeded, match="too short"):
        put(waiting, "a", 100, deadline_at=clock.now + 0.5)


def test_an_idle_server_tries_whatever_the_model_predicts() -> None:
    """Else a wrong fit would refuse everyone, compute nothing, and never learn."""
    clock = Clock()
    waiting = queue(clock, cost=taught(seconds_per_token=10.0))
    put(waiting, "a", 10, deadline_at=clock.now + 0.5)
    assert taken(waiting) == [["a"]]


def test_what_runs_out_of_time_while_it_waits_is_not_computed() -> None:
    clock = Clock()
    waiting = queue(clock)
    put(waiting, "expired", 10, deadline_at=clock.now + 0.2)
    put(waiting, "expired batch", 10, deadline_at=clock.now + 0.2, batch=True)
    put(waiting, "fresh", 10)
    clock.now += 0.3
    batch = waiting.take(100)
    assert names(batch) == ["fresh"]
    assert {work.payload for work in batch.expired} == {"expired", "expired batch"}


def test_a_deadline_that_came_too_near_gives_its_place_to_others() -> None:
    clock = Clock()
    waiting = queue(clock, cost=taught(seconds_per_token=0.01))
    put(waiting, "hopeless", 10, deadline_at=clock.now + 0.3)
    clock.now += 0.25
    put(waiting, "fine", 10)
    batch = waiting.take(100)
    assert names(batch) == ["fine"]
    assert [work.payload for work in batch.expired] == ["hopeless"]


def test_running_batches_count_until_they_are_done() -> None:
    clock = Clock()
    waiting = queue(clock, cost=taught(seconds_per_token=0.01))
    put(waiting, "a", 100)
    batch = waiting.take(100)
    assert waiting.drain_seconds() == pytest.approx(0.5, rel=0.1)
    waiting.done(batch)
    assert waiting.drain_seconds() == 0


@pytest.mark.parametrize(
    ("queued", "idle", "expected"),
    [
        pytest.param(600, 1, 512, id="one lane takes up to the budget"),
        pytest.param(600, 2, 300, id="two idle lanes take half each"),
        pytest.param(150, 2, 128, id="but enough for an efficient forward"),
    ],
)
def test_idle_lanes_share_what_waits(queued: int, idle: int, expected: int) -> None:
    assert share_tokens(queued, idle, budget_tokens=512, least_tokens=128) == expected


works_strategy = st.lists(
    st.tuples(
        st.integers(1, 180),  # tokens, some over the budget
        st.one_of(st.none(), st.floats(0.05, 5)),  # deadline in seconds
        st.booleans(),  # batch class
        st.booleans(),  # cancelled while it waits
        st.floats(0, 0.3),  # seconds before the next arrival
    ),
    max_size=40,
)


@given(works_strategy, st.sampled_from([0.0, 0.1, 0.5]))
def test_every_text_is_answered_once_and_no_batch_is_over_budget(
    arrivals: list[tuple[int, float | None, bool, bool, float]], floor: float
) -> None:
    clock = Clock()
    waiting = queue(clock, replace(LIMITS, batch_floor=floor), taught(seconds_per_token=0.001))
    settled: list[int] = []
    open_works: dict[int, Work[str]] = {}
    for at, (tokens, seconds, is_batch, is_cancelled, gap) in enumerate(arrivals):
        work = Work(tokens, str(at), math.inf if seconds is None else clock.now + seconds, is_batch)
        try:
            waiting.put([work])
        except SummitError:
            settled.append(at)
            continue
        open_works[at] = work
        clock.now += gap
        if is_cancelled:
            assert waiting.cancel(work)
            settled.append(at)
        if at % 3 == 2:
            settled += _settled(waiting)
    while waiting.tokens:
        settled += _settled(waiting)
    assert sorted(settled) == list(range(len(arrivals)))
    assert waiting.tokens == 0


def _settled(waiting: TokenQueue[str]) -> Iterable[int]:
    batch = waiting.take(LIMITS.budget_tokens)
    waiting.done(batch)
    assert batch.works or batch.expired or not waiting.tokens
    assert batch.load.tokens <= LIMITS.budget_tokens or len(batch.works) == 1
    assert [work.tokens for work in batch.works] == sorted(work.tokens for work in batch.works)
    assert not any(work.is_cancelled for work in batch.works)
    return [int(work.payload) for work in (*batch.works, *batch.expired)]


@given(st.lists(st.integers(1, 100), min_size=1, max_size=60), st.integers(1, 300))
def test_the_wait_of_a_text_is_bounded_however_much_urgent_work_comes(others: list[int], own: int) -> None:
    """Each forward brings urgent newcomers; within the age cap they may overtake, after it they may not."""
    clock = Clock()
    waiting = queue(clock)
    put(waiting, "own", own)
    overtaken = 0
    for at, tokens in enumerate(others * 4):
        if waiting.tokens + tokens <= LIMITS.queue_tokens:
            put(waiting, str(at), tokens, deadline_at=clock.now + 0.01)
        batch = waiting.take(LIMITS.budget_tokens)
        waiting.done(batch)
        if "own" in names(batch):
            break
        overtaken += 1
        clock.now += 0.2
    assert overtaken <= LIMITS.max_age_seconds / 0.2 + 1


@settings(max_examples=30)
@given(st.lists(st.integers(1, 90), min_size=20, max_size=30), st.sampled_from([0.1, 0.3, 0.5]))
def test_the_floor_of_batch_work_holds_over_time(realtime: list[int], floor: float) -> None:
    waiting = queue(Clock(), replace(LIMITS, queue_tokens=100_000, batch_floor=floor))
    for at in range(len(realtime) * 3):
        put(waiting, f"batch {at}", 25, batch=True)
    for at in range(len(realtime) * 2):
        put(waiting, f"now {at}", realtime[at % len(realtime)])
    by_class = {True: 0, False: 0}
    for _ in range(len(realtime)):
        batch = waiting.take(LIMITS.budget_tokens)
        waiting.done(batch)
        for work in batch.works:
            by_class[work.is_batch] += work.tokens
    slack = 25 + LIMITS.budget_tokens * floor  # one text that is being saved for, and one forward not yet paid for
    assert by_class[True] >= floor * sum(by_class.values()) - slack


@given(st.lists(st.integers(1, 60), min_size=1, max_size=30), st.integers(1, 100))
def test_beside_realtime_work_batch_work_keeps_to_its_cap(batch_tokens: list[int], realtime: int) -> None:
    waiting = queue(Clock(), replace(LIMITS, queue_tokens=100_000))
    for at, tokens in enumerate(batch_tokens):
        put(waiting, f"batch {at}", tokens, batch=True)
    put(waiting, "now", realtime)
    batch = waiting.take(LIMITS.budget_tokens)
    assert "now" in names(batch)
    assert sum(work.tokens for work in batch.works if work.is_batch) <= LIMITS.batch_tokens_beside_realtime


def test_a_deadline_must_hold_for_all_that_its_caller_will_put() -> None:
    clock = Clock()
    waiting = queue(clock, cost=taught(seconds_per_token=0.01))
    put(waiting, "other", 10)
    waiting.put([Work(20, "first of one", deadline_at=clock.now + 1)])
    with pytest.raises(DeadlineExceeded):
        waiting.put([Work(20, "first of many", deadline_at=clock.now + 1)], to_follow=Load.of([50, 50]))
