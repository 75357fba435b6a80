"""The end of a job: its manifest, written once all that it names is there, and the event that says so."""

import asyncio
import logging
from dataclasses import dataclass

from eventing.ledger import FinishedChunk, Job, Ledger
from eventing.object_store import ObjectStore
from eventing.pages import all_pages
from eventing.results import Manifest, write_manifest
from summit_inference.errors import CallerError
from summit_inference.events import FailedData, FinishData, StoredObject
from summit_inference.jobs import JobState

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Completion:
    """What it takes."""

    ledger: Ledger
    store: ObjectStore

    async def do(self, data: FinishData) -> None:
        """Finish the attempt, or find that there is nothing to do.

        Raises:
            SummitError: as the store says; the broker sends the event again.
        """
        job = await asyncio.to_thread(self.ledger.jobs.job, data.job_id)
        if job is None or job.attempt != data.attempt or job.state is not JobState.RUNNING:
            return
        if job.chunks_done < job.chunks_total:
            return
        try:
            finished = await all_pages(self.ledger.chunks.finished, job)
            written = await write_manifest(self.store, job.output_uri, manifest(job, finished))
        except CallerError as error:
            await self._fail(job, error)
            return
        stored = StoredObject(uri=written.uri, sha256=written.sha256)
        if await asyncio.to_thread(self.ledger.jobs.complete, job.job_id, job.attempt, stored):
            _log.info(
                "job completed",
                extra={"job_id": job.job_id, "attempt": job.attempt, "done": job.done, "failed": job.failed},
            )

    async def _fail(self, job: Job, error: CallerError) -> None:
        action = "All results are there, but no manifest. Let the output be written to, and retry the job."
        failed = FailedData(job_id=job.job_id, code=error.code, reason=error.message, action=action)
        await asyncio.to_thread(self.ledger.jobs.fail, failed)


def manifest(job: Job, chunks: list[FinishedChunk]) -> Manifest:
    """What the attempt left behind, in the order of its documents."""
    in_order = sorted(chunks, key=lambda each: each.chunk_id)
    results = [each.result for each in in_order]
    return Manifest(
        job_id=job.job_id,
        attempt=job.attempt,
        model=job.model,
        model_version=job.model_version,
        format=job.output_format,
        documents=sum(each.documents for each in results),
        failed=sum(each.failed for each in results),
        objects=results,
    )
