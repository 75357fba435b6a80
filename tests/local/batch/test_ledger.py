"""The ledger keeps its promises in both databases: once, whatever is delivered twice, late or out of order."""

import threading
from collections.abc import Sequence
from dataclasses import replace

import pytest
from servers.ledgers import Clock, drained, inline_job, object_job, open_chunks, result_of, stretch

from eventing.database import Database
from eventing.ledger import Chunk, Leased, Ledger, NoLease, Quarantined, Timing
from eventing.ledger_sql import sql_ledger
from summit_inference.errors import Conflict, Overloaded
from summit_inference.events import FailedData, StoredObject
from summit_inference.jobs import JobState

MANIFEST = StoredObject(uri="s3://out/manifest.json", sha256="0" * 64)


def _leased(ledger: Ledger, job_id: str = "job", attempt: int = 1, chunk_id: str = "0000000") -> Leased:
    leased = ledger.chunks.lease(job_id, attempt, chunk_id, "me")
    assert isinstance(leased, Leased)
    return leased


def _types(ledger: Ledger) -> list[str]:
    """The types of all events that are due, by their last word but one."""
    claimed = ledger.outbox.claim(1000)
    ledger.outbox.published(claimed)
    return sorted(each.event.type.split(".")[-2] for each in claimed)


def _failed(code: str = "broken") -> FailedData:
    return FailedData(job_id="job", code=code, reason="A reason.", action="Nothing.")


def _do(ledger: Ledger, chunks: Sequence[str], attempt: int = 1) -> None:
    for chunk_id in chunks:
        leased = _leased(ledger, attempt=attempt, chunk_id=chunk_id)
        assert ledger.chunks.finish(leased, result_of(leased))


def test_a_job_runs_from_its_event_to_its_manifest(ledger: Ledger) -> None:
    assert ledger.jobs.accept(inline_job(3, 2))
    assert _types(ledger) == ["chunk", "chunk"]
    _do(ledger, ["0000000", "0000001"])
    assert "finish" in _types(ledger)
    assert ledger.jobs.complete("job", 1, MANIFEST)
    job = ledger.jobs.job("job")
    assert job is not None
    assert (job.state, job.total, job.done, job.chunks_done) == (JobState.COMPLETED, 5, 5, 2)
    assert job.manifest_uri == MANIFEST.uri
    assert _types(ledger) == ["completed"]


def test_an_event_that_comes_twice_begins_one_job(ledger: Ledger) -> None:
    assert ledger.jobs.accept(inline_job(1))
    assert not ledger.jobs.accept(inline_job(1))
    assert ledger.jobs.has_seen("/producer", "event")
    assert len(ledger.jobs.jobs()) == 1


def test_a_job_id_belongs_to_the_first_event_that_took_it(ledger: Ledger) -> None:
    ledger.jobs.accept(inline_job(1))
    with pytest.raises(Conflict, match="another"):
        ledger.jobs.accept(replace(inline_job(1), event_id="other"))
    with pytest.raises(Conflict, match="new id"):
        ledger.jobs.accept(replace(inline_job(1), job_id="other"))
    assert [job.job_id for job in ledger.jobs.jobs()] == ["job"]


def test_a_chunk_is_leased_to_one_and_again_when_the_lease_is_over(ledger: Ledger, clock: Clock) -> None:
    ledger.jobs.accept(inline_job(1))
    _leased(ledger)
    assert ledger.chunks.lease("job", 1, "0000000", "other") is NoLease.TAKEN
    clock.now += Timing().lease_seconds + 1
    assert _leased(ledger).chunk.tries == 2


def test_a_lease_does_not_outlive_a_clock_that_jumps_back(ledger: Ledger, clock: Clock) -> None:
    ledger.jobs.accept(inline_job(1))
    _leased(ledger)
    clock.now -= 100_000
    assert isinstance(ledger.chunks.lease("job", 1, "0000000", "other"), Leased)


def test_a_chunk_whose_consumer_died_is_published_again(ledger: Ledger, clock: Clock) -> None:
    ledger.jobs.accept(inline_job(1))
    assert _types(ledger) == ["chunk"]
    _leased(ledger)
    assert _types(ledger) == []
    clock.now += Timing().lease_seconds + 1
    assert _types(ledger) == ["chunk"]


def test_an_event_that_was_lost_is_published_again_ever_more_seldom(ledger: Ledger, clock: Clock) -> None:
    ledger.jobs.accept(inline_job(1))
    assert _types(ledger) == ["chunk"]
    for doubling in (1, 2, 4):
        clock.now += Timing().republish_seconds * doubling - 1
        assert _types(ledger) == []
        clock.now += 2
        assert _types(ledger) == ["chunk"]


def test_the_first_result_counts_whoever_holds_the_lease(ledger: Ledger, clock: Clock) -> None:
    ledger.jobs.accept(inline_job(2))
    slow = _leased(ledger)
    clock.now += Timing().lease_seconds + 1
    fast = _leased(ledger)
    assert ledger.chunks.finish(slow, replace(result_of(slow), uri="s3://first"))
    assert not ledger.chunks.finish(fast, replace(result_of(fast), uri="s3://second"))
    job = ledger.jobs.job("job")
    assert job is not None
    assert (job.done, job.chunks_done) == (2, 1)
    assert [each.result.uri for each in ledger.chunks.finished("job", 1)] == ["s3://first"]
    assert ledger.chunks.lease("job", 1, "0000000", "me") is NoLease.DONE


def test_waiting_is_no_try_and_failing_is(ledger: Ledger) -> None:
    ledger.jobs.accept(inline_job(1))
    ledger.chunks.release(_leased(ledger), was_busy=True)
    second = _leased(ledger)
    assert (second.chunk.tries, second.chunk.was_given_back) == (1, True)
    ledger.chunks.release(second, was_busy=False)
    assert _leased(ledger).chunk.tries == 2


def test_a_split_chunk_is_two_that_cover_the_same_documents(ledger: Ledger) -> None:
    ledger.jobs.accept(inline_job(5))
    assert ledger.chunks.split(_leased(ledger))
    assert ledger.chunks.lease("job", 1, "0000000", "me") is NoLease.DONE
    halves = open_chunks(ledger, "job", 1)
    texts = [document.text for half in halves for document in ledger.chunks.documents(half)]
    assert texts == [f"text {at}" for at in range(5)]
    _do(ledger, [half.chunk_id for half in halves])
    job = ledger.jobs.job("job")
    assert job is not None
    assert (job.done, job.chunks_total, job.chunks_done) == (5, 2, 2)


def test_the_ledger_keeps_line_and_id_of_inline_documents(ledger: Ledger) -> None:
    ledger.jobs.accept(inline_job(2, 2))
    found = ledger.chunks.documents(open_chunks(ledger, "job", 1)[1])
    assert [(each.line, each.id) for each in found] == [(3, "3"), (4, "4")]


def test_a_new_attempt_begins_all_chunks_again_and_ends_the_old_ones(ledger: Ledger) -> None:
    ledger.jobs.accept(inline_job(2, 2))
    old = _leased(ledger)
    _do(ledger, ["0000001"])
    _types(ledger)
    assert ledger.jobs.new_attempt("job", 1, "4")
    assert not ledger.jobs.new_attempt("job", 1, "5")
    assert not ledger.chunks.finish(old, result_of(old))
    assert ledger.chunks.lease("job", 1, "0000000", "me") is NoLease.OVER
    assert _types(ledger) == ["chunk", "chunk"]
    _do(ledger, ["0000000", "0000001"], attempt=2)
    job = ledger.jobs.job("job")
    assert job is not None
    assert (job.attempt, job.model_version, job.done) == (2, "4", 4)


def test_a_split_is_forgotten_by_a_new_attempt(ledger: Ledger) -> None:
    ledger.jobs.accept(inline_job(4))
    ledger.chunks.split(_leased(ledger))
    ledger.jobs.new_attempt("job", 1, "4")
    assert [(each.chunk_id, each.take) for each in open_chunks(ledger, "job", 2)] == [("0000000", 4)]


def test_a_cancelled_job_takes_no_more_results_and_can_begin_again(ledger: Ledger) -> None:
    ledger.jobs.accept(inline_job(1))
    leased = _leased(ledger)
    assert ledger.jobs.fail(_failed("cancelled"), state=JobState.CANCELLED)
    assert not ledger.jobs.fail(_failed())
    assert not ledger.chunks.finish(leased, result_of(leased))
    assert not ledger.jobs.complete("job", 1, MANIFEST)
    assert _types(ledger) == ["failed"]
    assert ledger.jobs.new_attempt("job", 1, "3")
    _do(ledger, ["0000000"], attempt=2)
    job = ledger.jobs.job("job")
    assert job is not None
    assert (job.state, job.code, job.done) == (JobState.RUNNING, None, 1)


def test_a_completed_job_does_not_begin_again(ledger: Ledger) -> None:
    ledger.jobs.accept(inline_job(1))
    _do(ledger, ["0000000"])
    ledger.jobs.complete("job", 1, MANIFEST)
    assert not ledger.jobs.new_attempt("job", 1, "4")


def test_a_job_that_is_refused_says_so_and_can_be_tried_again(ledger: Ledger) -> None:
    assert ledger.jobs.refuse(object_job(), _failed("forbidden"))
    assert not ledger.jobs.refuse(object_job(), _failed("forbidden"))
    assert "failed" in _types(ledger)
    assert ledger.jobs.new_attempt("job", 1, "3")
    assert _types(ledger) == ["scan"]


def test_chunks_of_an_object_open_once_all_of_it_was_seen(ledger: Ledger) -> None:
    ledger.jobs.accept(object_job())
    assert _types(ledger) == ["scan"]
    ledger.jobs.add_chunks("job", 0, 0, [stretch(1), stretch(11)])
    assert _types(ledger) == []
    ledger.jobs.add_chunks("job", 0, 0, [stretch(1), stretch(11)])
    assert ledger.jobs.scanned("job", 0).chunks == 2
    assert ledger.jobs.scanned("job", 0).last_line == 20
    ledger.jobs.finish_part("job", 0, 2)
    ledger.jobs.finish_part("job", 0, 2)
    job = ledger.jobs.job("job")
    assert job is not None
    assert (job.state, job.total, job.chunks_total) == (JobState.RUNNING, 20, 2)
    assert _types(ledger) == ["chunk", "chunk"]
    assert open_chunks(ledger, "job", 1)[1].range == stretch(11)


def test_a_part_does_not_end_while_chunks_are_missing(ledger: Ledger) -> None:
    ledger.jobs.accept(object_job())
    ledger.jobs.add_chunks("job", 0, 0, [stretch(1)])
    with pytest.raises(Overloaded):
        ledger.jobs.finish_part("job", 0, 2)
    job = ledger.jobs.job("job")
    assert job is not None
    assert job.state is JobState.SCANNING


def test_a_prefix_is_replaced_by_its_objects(ledger: Ledger) -> None:
    ledger.jobs.accept(object_job("s3://in/all/"))
    _types(ledger)
    objects = [each.parts[0] for each in (object_job("s3://in/all/a"), object_job("s3://in/all/b"))]
    ledger.jobs.add_parts("job", 0, objects)
    ledger.jobs.add_parts("job", 0, objects)
    assert set(_types(ledger)) == {"scan"}
    for part in (1, 2):
        ledger.jobs.add_chunks("job", part, 0, [stretch(1)])
        ledger.jobs.finish_part("job", part, 1)
    job = ledger.jobs.job("job")
    assert job is not None
    assert (job.state, job.total) == (JobState.RUNNING, 20)


def test_an_empty_object_is_a_job_that_is_done(ledger: Ledger) -> None:
    ledger.jobs.accept(object_job())
    ledger.jobs.finish_part("job", 0, 0)
    assert "finish" in _types(ledger)


def test_a_new_attempt_in_the_middle_of_a_scan_keeps_what_was_found(ledger: Ledger) -> None:
    ledger.jobs.accept(object_job())
    ledger.jobs.add_chunks("job", 0, 0, [stretch(1)])
    assert ledger.jobs.new_attempt("job", 1, "4")
    assert ledger.jobs.scanned("job", 0).chunks == 1
    ledger.jobs.add_chunks("job", 0, 1, [stretch(11)])
    ledger.jobs.finish_part("job", 0, 2)
    assert len(open_chunks(ledger, "job", 2)) == 2


def test_events_of_the_outbox_stay_until_they_are_taken(ledger: Ledger, clock: Clock) -> None:
    ledger.jobs.accept(object_job())
    first = ledger.outbox.claim(10)
    assert len(first) == 1
    assert ledger.outbox.claim(10) == []
    clock.now += Timing().claim_seconds + 1
    assert [each.event for each in ledger.outbox.claim(10)] == [each.event for each in first]
    ledger.outbox.unpublished(first, 5)
    assert ledger.outbox.claim(10) == []
    clock.now += 6
    ledger.outbox.published(ledger.outbox.claim(10))
    clock.now += 1000
    assert ledger.outbox.claim(10) == []


def test_no_more_chunks_are_under_way_than_the_window(database: Database, clock: Clock) -> None:
    ledger = sql_ledger(database, Timing(chunk_window=3), clock)
    ledger.jobs.accept(inline_job(*[1] * 5))
    first = ledger.outbox.claim(10)
    assert len(first) == 3
    assert ledger.outbox.claim(10) == []
    _do(ledger, ["0000000", "0000001"])
    assert len(ledger.outbox.claim(10)) >= 2


@pytest.mark.parametrize("seconds", [-3_600, -100_000, 100_000])
def test_chunks_whose_turn_comes_after_a_clock_jumped_do_not_wait_for_it(
    database: Database, clock: Clock, seconds: float
) -> None:
    ledger = sql_ledger(database, Timing(chunk_window=3), clock)
    ledger.jobs.accept(inline_job(*[1] * 5))
    assert len(ledger.outbox.claim(10)) == 3
    _do(ledger, ["0000000", "0000001", "0000002"])
    clock.now += seconds
    claimed = [each for each in ledger.outbox.claim(10) if each.number is None]
    assert [each.event.id for each in claimed] == ["job/1/0000003", "job/1/0000004"]


@pytest.mark.parametrize("seconds", [-3_600, -100_000, 100_000])
def test_events_do_not_wait_for_a_clock_that_jumped(ledger: Ledger, clock: Clock, seconds: float) -> None:
    ledger.jobs.accept(object_job())
    clock.now += seconds
    (claimed,) = ledger.outbox.claim(10)
    ledger.queue.enqueue([claimed.event])
    clock.now += seconds
    (message,) = ledger.queue.claim(10, 30, needs_model=False)
    clock.now += seconds
    (again,) = ledger.queue.claim(10, 30, needs_model=False)
    assert (again.event, again.tries) == (message.event, 2)


def test_the_queue_holds_an_event_once_and_gives_it_back(ledger: Ledger, clock: Clock) -> None:
    ledger.jobs.accept(inline_job(1))
    events = [each.event for each in ledger.outbox.claim(10)]
    ledger.queue.enqueue(events)
    ledger.queue.enqueue(events)
    (message,) = ledger.queue.claim(10, 30, needs_model=True)
    assert ledger.queue.claim(10, 30, needs_model=True) == []
    assert ledger.queue.claim(10, 30, needs_model=False) == []
    ledger.queue.retry(message, 5)
    clock.now += 6
    (again,) = ledger.queue.claim(10, 30, needs_model=True)
    assert (again.event, again.tries) == (message.event, 2)
    clock.now += 31
    (again,) = ledger.queue.claim(10, 30, needs_model=True)
    ledger.queue.acknowledge(again)
    clock.now += 1000
    assert ledger.queue.claim(10, 30, needs_model=True) == []


def test_what_a_killed_consumer_held_is_free_when_it_starts_again(ledger: Ledger) -> None:
    ledger.jobs.accept(inline_job(1))
    ledger.queue.enqueue([each.event for each in ledger.outbox.claim(10)])
    ledger.queue.claim(10, 900, needs_model=True)
    _leased(ledger)
    ledger.queue.recover()
    assert len(ledger.queue.claim(10, 900, needs_model=True)) == 1
    assert isinstance(ledger.chunks.lease("job", 1, "0000000", "other"), Leased)


def test_the_quarantine_settles_an_entry_once(ledger: Ledger, clock: Clock) -> None:
    ledger.quarantine.add(Quarantined("a", "event", "invalid", "A reason."))
    ledger.quarantine.add(Quarantined("a", "event", "other", "Ignored: it is there."))
    clock.now += 1
    ledger.quarantine.add(Quarantined("b", "document", "no_answer", "A reason.", line=3))
    assert [each.id for each in ledger.quarantine.entries()] == ["b", "a"]
    assert [each.id for each in ledger.quarantine.entries(after="b")] == ["a"]
    assert ledger.quarantine.settle("a", "dropped")
    assert not ledger.quarantine.settle("a", "replayed", "job")
    assert [each.id for each in ledger.quarantine.entries(state="open")] == ["b"]
    entry = ledger.quarantine.entry("a")
    assert entry is not None
    assert (entry.code, entry.state) == ("invalid", "dropped")


def test_jobs_are_listed_the_newest_first_in_pages(ledger: Ledger, clock: Clock) -> None:
    for at in range(3):
        clock.now += 1
        ledger.jobs.accept(replace(inline_job(1), job_id=f"job{at}", event_id=str(at)))
    assert [each.job_id for each in ledger.jobs.jobs(limit=2)] == ["job2", "job1"]
    assert [each.job_id for each in ledger.jobs.jobs(limit=2, after="job1")] == ["job0"]
    assert ledger.jobs.jobs(state=JobState.COMPLETED) == []


def test_progress_is_told_now_and_then(ledger: Ledger, clock: Clock) -> None:
    ledger.jobs.accept(inline_job(1, 1, 1))
    _types(ledger)
    _do(ledger, ["0000000"])
    assert _types(ledger) == []
    clock.now += Timing().progress_seconds + 1
    _do(ledger, ["0000001"])
    assert _types(ledger) == ["progressed"]


def test_a_job_of_which_nothing_was_heard_is_told_again(ledger: Ledger, clock: Clock) -> None:
    ledger.jobs.accept(object_job())
    ledger.jobs.accept(replace(inline_job(1), job_id="other", event_id="other"))
    _types(ledger)
    assert ledger.upkeep.revive() == 0
    clock.now += Timing().republish_seconds + 1
    assert ledger.upkeep.revive() == 1
    assert ledger.upkeep.revive() == 0
    assert "scan" in _types(ledger)
    ledger.jobs.finish_part("job", 0, 0)
    assert "finish" in _types(ledger)
    clock.now += Timing().republish_seconds + 1
    assert ledger.upkeep.revive() == 1
    assert "finish" in _types(ledger)


def test_what_waits_is_counted_and_what_is_old_goes(ledger: Ledger, clock: Clock) -> None:
    ledger.jobs.accept(inline_job(1, 1))
    clock.now += 10
    backlog = ledger.upkeep.backlog()
    assert (backlog.jobs, backlog.chunks, backlog.oldest_seconds) == (1, 2, 10)
    ledger.jobs.fail(_failed())
    assert ledger.upkeep.backlog().jobs == 0
    assert ledger.upkeep.backlog().outbox == 1
    assert ledger.upkeep.purge(jobs_seconds=100, quarantine_seconds=100) == 0
    clock.now += 101
    assert ledger.upkeep.purge(jobs_seconds=100, quarantine_seconds=100) == 1
    assert ledger.jobs.jobs() == []
    assert open_chunks(ledger, "job", 1) == []
    assert not ledger.jobs.has_seen("/producer", "event")


def test_several_consumers_share_the_outbox_and_no_event_goes_to_two(ledger: Ledger) -> None:
    ledger.jobs.accept(inline_job(*[1] * 60))
    claimed: list[str] = []

    def consume() -> None:
        while found := ledger.outbox.claim(5):
            claimed.extend(each.event.id for each in found)

    threads = [threading.Thread(target=consume) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(claimed) >= 60 - 15  # a consumer that finds every row locked may leave early
    assert len(claimed) == len(set(claimed))


def test_several_consumers_finish_a_job_together(ledger: Ledger) -> None:
    ledger.jobs.accept(inline_job(*[2] * 24))
    chunks = open_chunks(ledger, "job", 1)

    def work(mine: Sequence[Chunk]) -> None:
        for chunk in mine:
            leased = ledger.chunks.lease("job", 1, chunk.chunk_id, str(threading.get_ident()))
            if isinstance(leased, Leased):
                ledger.chunks.finish(leased, result_of(leased))

    threads = [threading.Thread(target=work, args=(order,)) for order in (chunks, chunks[::-1], chunks[12:] + chunks)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    job = ledger.jobs.job("job")
    assert job is not None
    assert (job.done, job.chunks_done) == (48, 24)
    assert [each.event.type for each in drained(ledger)].count("ai.summit.extraction.finish.v1") == 1
