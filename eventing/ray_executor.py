"""Very large jobs, seen from the consumer: sent to Ray, looked after now and then, and brought home chunk by chunk.

The consumer is never the driver: it may die at any time, and so may Ray. What is done stands in the object store.
"""

import asyncio
import logging
import shlex
from dataclasses import dataclass
from typing import Protocol

from eventing.ledger import Chunk, Job, Leased, Ledger
from eventing.object_store import ObjectStore
from eventing.pages import all_pages
from eventing.ray_checkpoint import done_ids, read_done, write_description
from eventing.ray_description import RayWork, described
from eventing.ray_run import RayRun, RayState, Step, step
from eventing.results import attempt_place
from summit_inference import metrics
from summit_inference.errors import CallerError, SummitError
from summit_inference.events import FailedData

_log = logging.getLogger(__name__)
_AT_ONCE = 20
_OWNER = "ray"


class RayCluster(Protocol):
    """What takes submissions: `ray_jobs.RayJobs`."""

    async def state(self, submission_id: str) -> RayState | None: ...
    async def submit(self, submission_id: str, entrypoint: str) -> None: ...
    async def stop(self, submission_id: str) -> None: ...


@dataclass(frozen=True, slots=True)
class RayExecutor:
    """Rounds over the jobs that are Ray's."""

    ledger: Ledger
    store: ObjectStore
    cluster: RayCluster
    work: RayWork
    max_submissions: int
    poll_seconds: float

    async def __call__(self) -> float:
        """Look after those that are due."""
        for run in await asyncio.to_thread(self.ledger.ray.claim, _AT_ONCE, self.poll_seconds):
            try:
                await self._look_after(run)
            except CallerError:  # its results may not be written any more, say: the ordinary way ends such jobs
                await asyncio.to_thread(self.ledger.ray.end, run)
            except SummitError as error:  # the others' turn comes all the same
                names = {"job_id": run.job_id, "code": error.code, "reason": error.message}
                _log.warning("a job of Ray's has to wait", extra=names)
        return self.poll_seconds

    async def _look_after(self, run: RayRun) -> None:
        job = await asyncio.to_thread(self.ledger.jobs.job, run.job_id)
        if job is None or job.state.is_over or job.attempt != run.attempt:
            await self.cluster.stop(run.submission_id)
            await asyncio.to_thread(self.ledger.ray.end, run)
            return
        state = await self.cluster.state(run.submission_id)  # first: what a driver did that has ended is all there
        left = await self._bring_home(job)
        chosen = step(state, len(left), run.submission, self.max_submissions)
        if chosen is not Step.WAIT:
            names = {"job_id": run.job_id, "submission_id": run.submission_id, "open_chunks": len(left)}
            _log.info("job on Ray", extra={**names, "ray_state": state, "step": chosen})
        await self._take(chosen, run, job, left)

    async def _take(self, chosen: Step, run: RayRun, job: Job, left: list[Chunk]) -> None:
        match chosen:
            case Step.SUBMIT:
                uri = await write_description(self.store, described(job, left, self.work))
                await self.cluster.submit(run.submission_id, self._entrypoint(uri))
            case Step.AGAIN:
                await asyncio.to_thread(self.ledger.ray.submit_again, run)
            case Step.FAIL:
                await asyncio.to_thread(self.ledger.jobs.fail, _failure(run))
                await asyncio.to_thread(self.ledger.ray.end, run)
            case Step.END:
                await asyncio.to_thread(self.ledger.ray.end, run)
            case Step.WAIT:
                pass

    def _entrypoint(self, uri: str) -> str:
        """The driver's command, for a shell."""
        endpoint = self.work.store.s3_endpoint_url
        options = ["--s3-endpoint-url", endpoint] if endpoint else []
        return shlex.join(["python", "-m", "eventing.ray_driver", uri, *options])

    async def _bring_home(self, job: Job) -> list[Chunk]:
        """Take what Ray has done into the ledger; the chunks that are still open."""
        place = attempt_place(job.output_uri, job.job_id, job.attempt)
        done = {chunk_id async for chunk_id in done_ids(self.store, place)}
        left = []
        for chunk in await all_pages(self.ledger.chunks.open, job):
            if chunk.chunk_id not in done:
                left.append(chunk)
                continue
            result = await read_done(self.store, place, chunk.chunk_id)
            if await asyncio.to_thread(self.ledger.chunks.finish, Leased(job, chunk, _OWNER), result):
                metrics.BATCH_DOCUMENTS.labels("done").inc(result.documents)
                metrics.BATCH_DOCUMENTS.labels("failed").inc(result.failed)
        return left


def _failure(run: RayRun) -> FailedData:
    return FailedData(
        job_id=run.job_id,
        code="ray_failed",
        reason=f"The job's driver on Ray died {run.submission} times; the log of {run.submission_id} there says why.",
        action="Results so far are there, without a manifest. Mend what Ray lacks, and retry the job.",
    )
