"""The consumer's side of Ray, over a ledger in memory and a Ray of the test's that forgets, dies and works."""

import hashlib
import shlex
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from servers.ledgers import Clock, drained, inline_job

from eventing.chunk_range import Range
from eventing.database import Database
from eventing.documents import ObjectReference, ReadLimits
from eventing.ledger import Job, Ledger, NewJob, Timing
from eventing.ledger_sql import sql_ledger
from eventing.object_store import ObjectStore, StoreOptions, open_store
from eventing.ray_checkpoint import read_description, write_done
from eventing.ray_description import RayDescription, RayWork
from eventing.ray_executor import RayExecutor
from eventing.ray_run import RayState
from eventing.results import write_chunk
from eventing.schema import METADATA
from summit_inference.errors import UpstreamUnreachable
from summit_inference.events import FailedData
from summit_inference.jobs import JobState

CHUNKS, DOCUMENTS = 4, 3
POLL_SECONDS = 10.0


@dataclass
class Ray:
    """Its submissions; `is_away` refuses every call."""

    states: dict[str, RayState] = field(default_factory=dict)
    entrypoints: dict[str, str] = field(default_factory=dict)
    stopped: list[str] = field(default_factory=list)
    is_away: bool = False

    async def state(self, submission_id: str) -> RayState | None:
        if self.is_away:
            raise UpstreamUnreachable("Away.")
        return self.states.get(submission_id)

    async def submit(self, submission_id: str, entrypoint: str) -> None:
        assert submission_id not in self.states
        self.states[submission_id] = RayState.RUNNING
        self.entrypoints[submission_id] = entrypoint

    async def stop(self, submission_id: str) -> None:
        self.stopped.append(submission_id)


@dataclass
class Desk:
    """An executor and all around it."""

    ledger: Ledger
    store: ObjectStore
    clock: Clock
    ray: Ray
    executor: RayExecutor

    async def round(self) -> None:
        """One more, when it is due."""
        self.clock.now += POLL_SECONDS
        assert await self.executor() == POLL_SECONDS

    async def description(self, submission: int) -> RayDescription:
        """What the submission of this number is to do."""
        uri = shlex.split(self.ray.entrypoints[f"summit-job-1-{submission}"])[3]
        return await read_description(self.store, uri)

    async def work(self, submission: int, chunks: int) -> None:
        """Do so many chunks of the submission."""
        described = await self.description(submission)
        for each in described.chunks[:chunks]:
            result = await write_chunk(
                self.store, described.place, each.chunk_id, rows=[], errors=[], file_format="jsonl"
            )
            await write_done(self.store, described.place, each.chunk_id, result)

    def job(self) -> Job:
        found = self.ledger.jobs.job("job")
        assert found
        return found

    def published(self) -> list[str]:
        """The types of the events that are due, by their last word but one."""
        return [each.event.type.split(".")[-2] for each in drained(self.ledger)]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """A job that has just been scanned, and is large enough."""
    clock, ray = Clock(), Ray()
    database = Database(f"sqlite:///{tmp_path / 'ledger.db'}")
    METADATA.create_all(database.engine)
    ledger = sql_ledger(database, Timing(ray_documents=CHUNKS * DOCUMENTS), clock)
    options = StoreOptions(writable=[tmp_path.as_uri()])
    store = open_store(options)
    work = RayWork(
        models=tmp_path, store=options, limits=ReadLimits(), max_characters=10, patience_seconds=1, workers=1, cpus=1,
        gpus=0,
    )  # fmt: skip
    executor = RayExecutor(ledger, store, ray, work, max_submissions=2, poll_seconds=POLL_SECONDS)
    scanned(ledger, f"{tmp_path.as_uri()}/out", CHUNKS)
    return Desk(ledger, store, clock, ray, executor)


def scanned(ledger: Ledger, output: str, chunks: int, job_id: str = "job") -> None:
    uri, digest = "s3://in/object.jsonl", hashlib.sha256(b"").hexdigest()
    parts = [ObjectReference(uri)]
    ledger.jobs.accept(NewJob(job_id, "/producer", job_id, "summit-extract", "3", output, "jsonl", parts=parts))
    ranges = [Range(uri, uri, 1 + at, DOCUMENTS, DOCUMENTS, at, at + 1, digest) for at in range(chunks)]
    ledger.jobs.add_chunks(job_id, 0, 0, ranges)
    drained(ledger)
    ledger.jobs.finish_part(job_id, 0, chunks)


async def test_a_large_job_goes_to_ray_and_no_event_goes_out_for_its_chunks(desk: Desk) -> None:
    await desk.round()
    assert list(desk.ray.states) == ["summit-job-1-1"]
    assert shlex.split(desk.ray.entrypoints["summit-job-1-1"])[:3] == ["python", "-m", "eventing.ray_driver"]
    assert len((await desk.description(1)).chunks) == CHUNKS
    assert desk.published() == []


def test_a_small_job_and_an_inline_one_are_not_rays(desk: Desk) -> None:
    scanned(desk.ledger, "s3://out", CHUNKS - 1, "small")
    inline = inline_job(CHUNKS * DOCUMENTS)
    desk.ledger.jobs.accept(NewJob("inline", "/p", "inline", "m", "3", "s3://out", "jsonl", inline=inline.inline))
    assert [run.job_id for run in desk.ledger.ray.claim(10, POLL_SECONDS)] == ["job"]
    assert desk.published() == ["chunk"] * CHUNKS


async def test_what_ray_has_done_comes_home_while_it_works_on_and_the_job_ends(desk: Desk) -> None:
    await desk.round()
    await desk.work(1, chunks=1)
    await desk.round()
    assert desk.job().chunks_done == 1
    assert "progressed" in desk.published()
    await desk.work(1, chunks=CHUNKS)
    await desk.round()
    assert desk.job().chunks_done == CHUNKS
    assert "finish" in desk.published()
    assert desk.ledger.ray.end_all() == 0


async def test_a_driver_that_died_is_followed_by_one_for_the_open_chunks(desk: Desk) -> None:
    await desk.round()
    await desk.work(1, chunks=3)
    desk.ray.states["summit-job-1-1"] = RayState.FAILED
    await desk.round()
    await desk.round()
    first, second = await desk.description(1), await desk.description(2)
    assert second.chunks == first.chunks[3:]


async def test_a_driver_that_dies_again_and_again_fails_the_job(desk: Desk) -> None:
    for submission in (1, 2):
        await desk.round()
        desk.ray.states[f"summit-job-1-{submission}"] = RayState.FAILED
        await desk.round()
    job = desk.job()
    assert (job.state, job.code) == (JobState.FAILED, "ray_failed")
    assert job.reason
    assert "summit-job-1-2" in job.reason
    assert desk.ledger.ray.end_all() == 0


async def test_what_ray_leaves_goes_the_ordinary_way(desk: Desk) -> None:
    await desk.round()
    await desk.work(1, chunks=CHUNKS - 1)
    desk.ray.states["summit-job-1-1"] = RayState.SUCCEEDED
    await desk.round()
    assert desk.published().count("chunk") == 1
    assert desk.job().state is JobState.RUNNING


async def test_a_consumer_that_died_after_it_submitted_does_not_submit_twice(desk: Desk) -> None:
    await desk.round()
    await desk.round()  # `Ray.submit` takes each name once
    assert len(desk.ray.entrypoints) == 1


async def test_a_job_that_ray_forgot_is_sent_again_under_the_same_name(desk: Desk) -> None:
    await desk.round()
    desk.ray.states.clear()
    await desk.round()
    assert list(desk.ray.states) == ["summit-job-1-1"]


async def test_while_ray_is_away_its_jobs_wait(desk: Desk) -> None:
    desk.ray.is_away = True
    await desk.round()
    assert desk.job().state is JobState.RUNNING
    desk.ray.is_away = False
    await desk.round()
    assert list(desk.ray.states) == ["summit-job-1-1"]


async def test_a_job_whose_results_may_not_be_written_any_more_goes_the_way_on_which_it_fails(desk: Desk) -> None:
    desk.executor = replace(desk.executor, store=open_store(StoreOptions()))
    await desk.round()
    assert desk.ray.states == {}
    assert desk.published() == ["chunk"] * CHUNKS


async def test_of_several_consumers_one_looks_after_a_job(desk: Desk) -> None:
    assert len(desk.ledger.ray.claim(10, POLL_SECONDS)) == 1
    assert desk.ledger.ray.claim(10, POLL_SECONDS) == []


async def test_a_job_that_was_cancelled_is_stopped_at_ray(desk: Desk) -> None:
    await desk.round()
    cancelled = FailedData(job_id="job", code="cancelled", reason="Somebody did.", action="None.")
    desk.ledger.jobs.fail(cancelled, state=JobState.CANCELLED)
    await desk.round()
    assert desk.ray.stopped == ["summit-job-1-1"]
    assert "chunk" not in desk.published()
    assert desk.ledger.ray.end_all() == 0


async def test_a_job_that_begins_again_is_rays_as_another_attempt(desk: Desk) -> None:
    await desk.round()
    assert desk.ledger.jobs.new_attempt("job", 1, "4")
    await desk.round()
    assert desk.ray.stopped == ["summit-job-1-1"]
    assert "summit-job-2-1" in desk.ray.states
    assert "chunk" not in desk.published()


async def test_without_ray_its_jobs_go_the_ordinary_way(desk: Desk) -> None:
    await desk.round()
    assert desk.ledger.ray.end_all() == 1
    assert desk.published() == ["chunk"] * CHUNKS
