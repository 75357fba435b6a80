from collections.abc import Iterator
from pathlib import Path

import pytest
from servers.ledgers import Clock, inline_job, sqlite_ledger

from eventing.dead_letter import DeadLetters
from eventing.ledger import Ledger
from eventing.queue import EmbeddedQueue, RetryPolicy
from summit_inference.cloudevent import Event
from summit_inference.errors import InvalidRequest, Overloaded, UpstreamBroken
from summit_inference.events import FinishData, ProgressedData, event_of

POLICY = RetryPolicy(retries=2, backoff_seconds=0.2, max_backoff_seconds=30)
BROKEN = UpstreamBroken("A reason.")
FINISH = event_of(FinishData(job_id="job", attempt=1), source="/eventing", id="job/1/finish")
NEWS = event_of(ProgressedData(job_id="job", attempt=1, done=1, failed=0, total=2), source="/eventing", id="news")


def test_pauses_double_up_to_the_longest() -> None:
    assert [POLICY.delay_seconds(tries, BROKEN) for tries in (1, 2, 3, 4)] == [0.2, 0.4, 0.8, 1.6]
    assert POLICY.delay_seconds(1000, BROKEN) == 30


def test_a_receiver_that_asks_for_time_gets_it_within_reason() -> None:
    assert POLICY.delay_seconds(1, Overloaded("A reason.", retry_after_seconds=3)) == 3
    assert POLICY.delay_seconds(1, Overloaded("A reason.", retry_after_seconds=3600)) == 30


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def ledger(tmp_path: Path, clock: Clock) -> Iterator[Ledger]:
    with sqlite_ledger(tmp_path, clock) as made:
        yield made


class Receiver:
    """Raises `fault` while it has one."""

    def __init__(self, fault: Exception | None) -> None:
        self.fault = fault
        self.received: list[str] = []

    async def __call__(self, event: Event) -> None:
        self.received.append(event.id)
        if self.fault:
            raise self.fault


async def _deliver_all(ledger: Ledger, clock: Clock, receiver: Receiver, rounds: int = 10) -> None:
    queue = EmbeddedQueue(ledger.queue, receiver, DeadLetters(ledger, 5), POLICY, claim_seconds=60)
    for _ in range(rounds):
        for needs_model in (True, False):
            for message in await queue.claim(10, needs_model=needs_model):
                await queue.deliver(message)
        clock.now += 31


async def test_an_event_that_is_taken_is_gone(ledger: Ledger, clock: Clock) -> None:
    ledger.queue.enqueue([FINISH, NEWS])
    receiver = Receiver(None)
    await _deliver_all(ledger, clock, receiver)
    assert receiver.received == ["job/1/finish", "news"]


@pytest.mark.parametrize("fault", [BROKEN, Overloaded("Busy."), ValueError("a bug")], ids=["5xx", "429", "a bug"])
async def test_news_that_nobody_takes_goes_to_the_quarantine(ledger: Ledger, clock: Clock, fault: Exception) -> None:
    ledger.queue.enqueue([NEWS])
    receiver = Receiver(fault)
    await _deliver_all(ledger, clock, receiver)
    assert receiver.received == ["news"] * 3
    (entry,) = ledger.quarantine.entries()
    assert (entry.code, entry.event_type) == ("undeliverable", NEWS.type)
    assert entry.reason.startswith("After 3 tries")


async def test_work_of_ours_comes_again_whatever_a_queue_counts(ledger: Ledger, clock: Clock) -> None:
    ledger.queue.enqueue([FINISH])
    await _deliver_all(ledger, clock, Receiver(BROKEN))
    assert ledger.quarantine.entries() == []
    assert [each.event for each in ledger.outbox.claim(10)] == [FINISH]


async def test_a_chunk_that_became_a_dead_letter_is_published_again(ledger: Ledger, clock: Clock) -> None:
    ledger.jobs.accept(inline_job(1))
    (chunk,) = ledger.outbox.claim(10)
    ledger.queue.enqueue([chunk.event])
    await _deliver_all(ledger, clock, Receiver(BROKEN), rounds=3)
    assert [each.event for each in ledger.outbox.claim(10)] == [chunk.event]


async def test_an_event_that_is_refused_is_not_sent_again(ledger: Ledger, clock: Clock) -> None:
    ledger.queue.enqueue([NEWS])
    receiver = Receiver(InvalidRequest("Wrong."))
    await _deliver_all(ledger, clock, receiver)
    assert receiver.received == ["news"]
