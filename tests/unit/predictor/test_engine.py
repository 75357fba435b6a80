"""The engine: lanes, callers that come and go, and everything that can break."""

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace

import numpy as np
import pytest

from predictor.engine import Engine, EngineLimits
from predictor.observer import BatchReport, DropReason
from predictor.packing import TokenLabels, TokenSequence
from predictor.supervision import SupervisionLimits
from summit_inference.batching import QueueLimits
from summit_inference.deadline import Deadline
from summit_inference.errors import DeadlineExceeded, InternalError, ModelNotReady, Overloaded, TooLarge

POISON, DEADLY, HUGE = 13, 66, 77

LIMITS = EngineLimits(
    queue=QueueLimits(
        queue_tokens=200,
        budget_tokens=64,
        batch_tokens_beside_realtime=32,
        batch_floor=0.1,
        max_age_seconds=1.0,
        lanes=1,
    ),
    least_tokens=64,
    supervision=SupervisionLimits(restarts_per_hour=1, failures_in_row=4, stall_seconds=60),
)


class LaneKilled(BaseException):
    """What no lane survives."""


class Steps(threading.Event):
    """A gate that lets one forward through at a time."""

    def __init__(self) -> None:
        super().__init__()
        self._permits = threading.Semaphore(0)

    def wait(self, timeout: float | None = None) -> bool:
        return self._permits.acquire(timeout=timeout)

    def step(self) -> None:
        self._permits.release()

    def set(self) -> None:
        self._permits.release(1000)


class FakeModel:
    """Labels are the token ids. It waits while `gate` is closed, so that a test decides when a forward ends."""

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.gate.set()
        self.entered = threading.Event()
        self.batches: list[list[int]] = []
        self.threads: set[str] = set()
        self.breaks_on_warm_up = False

    def prepare_thread(self) -> None:
        self.threads.add(threading.current_thread().name)

    def forward(self, sequences: Sequence[TokenSequence]) -> list[TokenLabels]:
        if self.breaks_on_warm_up:
            raise ValueError
        firsts = [int(sequence.input_ids[0]) for sequence in sequences]
        if any(firsts):  # the warm-up's are 0
            self.batches.append(firsts)
            self.entered.set()
            self.gate.wait(timeout=10)
        if DEADLY in firsts:
            raise LaneKilled
        if POISON in firsts:
            raise ValueError
        if HUGE in firsts and len(firsts) > 1:
            raise MemoryError
        return [TokenLabels(s.input_ids.astype(np.int32), np.ones(len(s), np.float32)) for s in sequences]

    def computed_tokens(self, lengths: Sequence[int]) -> int:
        return len(lengths) * max(lengths)


class Recorder:
    def __init__(self) -> None:
        self.reports: list[BatchReport] = []
        self.drops: list[tuple[DropReason, int]] = []
        self.queue_tokens = 0

    def batch_computed(self, report: BatchReport) -> None:
        self.reports.append(report)

    def dropped(self, reason: DropReason, texts: int) -> None:
        self.drops.append((reason, texts))

    def queue_changed(self, tokens: int) -> None:
        self.queue_tokens = tokens


def text(first: int, length: int = 4) -> TokenSequence:
    return TokenSequence(np.full(length, first))


@asynccontextmanager
async def running(
    model: FakeModel, recorder: Recorder | None = None, *, lanes: int = 1, limits: EngineLimits = LIMITS
) -> AsyncIterator[Engine]:
    limits = replace(limits, queue=replace(limits.queue, lanes=lanes))
    engine = Engine(model, limits, recorder or Recorder())
    await engine.start()
    try:
        yield engine
    finally:
        model.gate.set()
        await engine.close()


async def until(condition: Callable[[], bool]) -> None:
    """Let the event loop turn until `condition`; the test's own timeout ends what never comes."""
    while not condition():  # noqa: ASYNC110 - lanes change it, and they know no events of asyncio
        await asyncio.sleep(0)


@asynccontextmanager
async def held(engine: Engine, model: FakeModel, first: int = 1) -> AsyncIterator[Awaitable[list[TokenLabels]]]:
    """A call whose forward does not end before the body does: all that the body asks for waits in the queue."""
    model.gate.clear()
    model.entered.clear()
    call = asyncio.create_task(engine.infer([text(first)]))
    await until(model.entered.is_set)
    yield call
    model.gate.set()


async def test_labels_come_back_in_the_order_of_the_sequences() -> None:
    async with running(FakeModel()) as engine:
        labels = await engine.infer([text(5, 9), text(3, 2), text(4, 5)])
    assert [(int(of_one.label_id[0]), len(of_one.score)) for of_one in labels] == [(5, 9), (3, 2), (4, 5)]


async def test_no_sequences_have_no_labels() -> None:
    async with running(FakeModel()) as engine:
        assert await engine.infer([]) == []


async def test_what_comes_while_a_lane_computes_shares_the_next_forward() -> None:
    model = FakeModel()
    async with running(model) as engine:
        async with held(engine, model, first=1):
            calls = [asyncio.create_task(engine.infer([text(first, 10 - first)])) for first in (2, 3, 4)]
            await asyncio.sleep(0)
        await asyncio.gather(*calls)
    assert model.batches == [[1], [4, 3, 2]]


async def test_every_lane_has_a_thread_of_its_own_and_they_compute_at_once() -> None:
    model = FakeModel()
    model.gate.clear()
    async with running(model, lanes=2) as engine:
        calls = [asyncio.create_task(engine.infer([text(first, 60)])) for first in (1, 2)]
        await until(lambda: len(model.batches) == 2)
        model.gate.set()
        await asyncio.gather(*calls)
    assert model.threads == {"lane-0", "lane-1"}


async def test_of_a_batch_only_the_poison_text_fails() -> None:
    model, recorder = FakeModel(), Recorder()
    async with running(model, recorder) as engine:
        async with held(engine, model):
            calls = [asyncio.create_task(engine.infer([text(first)])) for first in (2, 3, POISON, 5)]
            await asyncio.sleep(0)
        answers = await asyncio.gather(*calls, return_exceptions=True)
        assert engine.is_healthy
    assert [isinstance(answer, InternalError) for answer in answers] == [False, False, True, False]
    assert recorder.reports[-1].failed == 1


async def test_a_call_of_which_one_text_is_poison_fails_as_a_whole() -> None:
    async with running(FakeModel()) as engine:
        with pytest.raises(InternalError):
            await engine.infer([text(2), text(POISON)])
        assert len(await engine.infer([text(3)])) == 1


async def test_a_model_that_fails_on_every_text_is_unhealthy_until_it_answers() -> None:
    async with running(FakeModel()) as engine:
        for _ in range(LIMITS.supervision.failures_in_row):
            with pytest.raises(InternalError):
                await engine.infer([text(POISON)])
        assert not engine.is_healthy
        assert not engine.is_ready
        await engine.infer([text(1)])
        assert engine.is_healthy


async def test_a_dead_lane_fails_its_own_callers_and_is_started_again() -> None:
    model = FakeModel()
    async with running(model) as engine:
        with pytest.raises(InternalError):
            await engine.infer([text(DEADLY)])
        assert not engine.is_healthy
        await until(lambda: engine.is_ready)
        assert len(await engine.infer([text(2)])) == 1


async def test_what_waited_while_a_lane_died_is_computed_by_the_next() -> None:
    model = FakeModel()
    async with running(model) as engine:
        async with held(engine, model, first=DEADLY) as doomed:
            waiting = asyncio.create_task(engine.infer([text(2)]))
            await asyncio.sleep(0)
        with pytest.raises(InternalError):
            await doomed
        assert len(await waiting) == 1


async def test_lanes_that_keep_dying_leave_an_engine_that_says_so() -> None:
    async with running(FakeModel()) as engine:
        with pytest.raises(InternalError):
            await engine.infer([text(DEADLY)])
        await until(lambda: engine.is_ready)
        with pytest.raises(InternalError):
            await engine.infer([text(DEADLY)])
        with pytest.raises(ModelNotReady):
            await engine.infer([text(2)])
        assert not engine.is_healthy


async def test_too_little_memory_is_answered_with_smaller_batches() -> None:
    model = FakeModel()
    async with running(model) as engine:
        async with held(engine, model):
            calls = [asyncio.create_task(engine.infer([text(first, 8)])) for first in (HUGE, 2, 3, 4)]
            await asyncio.sleep(0)
        assert len(await asyncio.gather(*calls)) == 4
        assert engine._queue.budget_tokens == 8


async def test_a_cancelled_call_is_not_computed_and_leaves_its_neighbours_alone() -> None:
    model, recorder = FakeModel(), Recorder()
    async with running(model, recorder) as engine:
        async with held(engine, model):
            calls = [asyncio.create_task(engine.infer([text(first)])) for first in (2, 3, 4)]
            await asyncio.sleep(0)
            calls[1].cancel()
            await asyncio.sleep(0)
        answers = await asyncio.gather(*calls, return_exceptions=True)
    assert model.batches == [[1], [2, 4]]
    assert isinstance(answers[1], asyncio.CancelledError)
    assert recorder.drops == [(DropReason.CANCELLED, 1)]


async def test_a_call_cancelled_while_it_is_computed_disturbs_nobody() -> None:
    model = FakeModel()
    async with running(model) as engine:
        async with held(engine, model) as call:
            call.cancel()  # type: ignore[attr-defined]
            await asyncio.sleep(0)
        assert len(await engine.infer([text(2)])) == 1


async def test_a_deadline_ends_the_wait() -> None:
    model, recorder = FakeModel(), Recorder()
    async with running(model, recorder) as engine, held(engine, model):
        with pytest.raises(DeadlineExceeded):
            await engine.infer([text(2)], deadline=Deadline.after(0.02))
    assert model.batches == [[1]]
    assert recorder.drops == [(DropReason.CANCELLED, 1)]


async def test_a_deadline_that_is_over_is_never_queued() -> None:
    model, recorder = FakeModel(), Recorder()
    async with running(model, recorder) as engine:
        with pytest.raises(DeadlineExceeded):
            await engine.infer([text(2)], deadline=Deadline.after(-1))
    assert model.batches == []
    assert recorder.drops == [(DropReason.HOPELESS, 1)]


async def test_a_full_queue_refuses_at_once() -> None:
    model, recorder = FakeModel(), Recorder()
    async with running(model, recorder) as engine:
        async with held(engine, model):
            waiting = asyncio.create_task(engine.infer([text(2, 150)]))
            await asyncio.sleep(0)
            with pytest.raises(Overloaded):
                await engine.infer([text(3, 60)])
        await waiting
    assert recorder.drops == [(DropReason.OVERLOADED, 1)]


async def test_a_text_longer_than_the_queue_is_too_large() -> None:
    async with running(FakeModel()) as engine:
        with pytest.raises(TooLarge):
            await engine.infer([text(4, 201)])


async def test_a_call_larger_than_the_queue_is_computed_bit_by_bit_and_lets_others_in_between() -> None:
    model = FakeModel()
    async with running(model) as engine:
        async with held(engine, model):
            large = asyncio.create_task(engine.infer([text(2, 50)] * 10))
            await asyncio.sleep(0)
            small = asyncio.create_task(engine.infer([text(3, 50)]))
            await asyncio.sleep(0)
        await small
        assert not large.done()
        labels = await large
    assert len(labels) == 10
    assert model.batches.index([3]) == 3  # behind the one that was held and one portion of two


async def test_a_call_that_has_begun_waits_for_room_and_is_not_refused() -> None:
    model, recorder, steps = FakeModel(), Recorder(), Steps()
    model.gate = steps
    async with running(model, recorder) as engine:
        large = asyncio.create_task(engine.infer([text(2, 100), text(4, 100)]))
        await until(lambda: model.batches == [[2]])
        others = [asyncio.create_task(engine.infer([text(first, length)])) for first, length in ((3, 60), (5, 140))]
        await asyncio.sleep(0)
        steps.step()  # the first portion is done, and finds 140 of 200 tokens waiting
        await until(lambda: model.batches == [[2], [3]])
        steps.set()
        labels = await large
        await asyncio.gather(*others)
    assert (len(labels), model.batches, recorder.drops) == (2, [[2], [3], [5], [4]], [])


async def test_a_drain_waits_for_the_last_portion() -> None:
    model = FakeModel()
    async with running(model) as engine:
        async with held(engine, model):
            large = asyncio.create_task(engine.infer([text(2, 50)] * 10))
            await asyncio.sleep(0)
            draining = asyncio.create_task(engine.drain())
            await asyncio.sleep(0)
        await draining
        labels = await large
    assert len(labels) == 10


async def test_batch_work_yields_to_realtime_work() -> None:
    model = FakeModel()
    async with running(model) as engine:
        async with held(engine, model):
            later = asyncio.create_task(engine.infer([text(2, 60)], is_batch=True))
            await asyncio.sleep(0)
            now = asyncio.create_task(engine.infer([text(3, 60)]))
            await asyncio.sleep(0)
        await asyncio.gather(later, now)
    assert model.batches == [[1], [3], [2]]


async def test_before_its_start_and_after_its_close_the_engine_is_not_ready() -> None:
    engine = Engine(FakeModel(), LIMITS, Recorder())
    with pytest.raises(ModelNotReady):
        await engine.infer([text(1)])
    await engine.start()
    assert engine.is_ready
    await engine.close()
    assert not engine.is_ready
    with pytest.raises(ModelNotReady):
        await engine.infer([text(1)])


async def test_a_model_that_fails_its_warm_up_stops_the_start() -> None:
    model = FakeModel()
    model.breaks_on_warm_up = True
    engine = Engine(model, LIMITS, Recorder())
    with pytest.raises(InternalError, match="first texts"):
        await engine.start()
    assert not engine.is_ready


async def test_draining_answers_what_was_accepted_and_refuses_what_comes() -> None:
    model = FakeModel()
    async with running(model) as engine:
        async with held(engine, model) as accepted:
            draining = asyncio.create_task(engine.drain())
            await asyncio.sleep(0)
            with pytest.raises(ModelNotReady):
                await engine.infer([text(2)])
            assert not engine.is_ready
            assert not draining.done()
        await draining
        assert len(await accepted) == 1


async def test_closing_fails_what_still_waits() -> None:
    model = FakeModel()
    async with running(model) as engine:
        async with held(engine, model):
            waiting = asyncio.create_task(engine.infer([text(2)]))
            await asyncio.sleep(0)
            closing = asyncio.create_task(engine.close())
            await asyncio.sleep(0)
        await closing
        with pytest.raises(ModelNotReady):
            await waiting
    assert model.batches == [[1]]


async def test_a_batch_is_reported_with_its_padding_its_wait_and_its_lane() -> None:
    model, recorder = FakeModel(), Recorder()
    async with running(model, recorder) as engine:
        await engine.infer([text(1, 4), text(2, 10)])
    report = recorder.reports[0]
    assert (report.lane, report.tokens, report.computed_tokens, report.failed) == (0, 14, 20, 0)
    assert len(report.waits_seconds) == 2
    assert min(*report.waits_seconds, report.compute_seconds) >= 0
    assert recorder.queue_tokens == 0


async def test_many_callers_get_what_is_theirs() -> None:
    async with running(FakeModel(), lanes=2) as engine:
        firsts = [first for first in range(1, 60) if first not in {POISON, DEADLY, HUGE}]
        asked = [asyncio.create_task(engine.infer([text(first, first % 3 + 1)])) for first in firsts[:40]]
        answers = await asyncio.gather(*asked)
    assert [int(labels[0].label_id[0]) for labels in answers] == firsts[:40]
