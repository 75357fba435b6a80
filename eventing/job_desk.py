"""What people and programs ask of jobs: how they stand; stop; begin again."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from eventing.ledger import Job, JobLedger
from eventing.ledger_events import counts
from eventing.model import Model
from summit_inference.errors import Conflict, RouteNotFound
from summit_inference.events import FailedData, StoredObject
from summit_inference.jobs import JobState, JobStatus


@dataclass(frozen=True, slots=True)
class JobDesk:
    """The jobs of the ledger."""

    jobs: JobLedger
    model_of: Callable[[str], Model]

    async def list(self, *, state: JobState | None, limit: int, after: str | None) -> list[JobStatus]:
        """The jobs, the newest first."""
        found = await asyncio.to_thread(self.jobs.jobs, state=state, limit=limit, after=after)
        return [status_of(each) for each in found]

    async def status(self, job_id: str) -> JobStatus:
        """How the job stands."""
        return status_of(await self._job(job_id))

    async def cancel(self, job_id: str) -> JobStatus:
        """Stop it. What is done stays where it is; there is no manifest.

        Raises:
            Conflict: it is over.
        """
        failed = FailedData(
            job_id=job_id,
            code="cancelled",
            reason="Somebody cancelled the job.",
            action="Results so far are there, without a manifest. Retry the job to begin it again.",
        )
        await self._job(job_id)
        if not await asyncio.to_thread(self.jobs.fail, failed, state=JobState.CANCELLED):
            raise Conflict("The job is over; there is nothing to cancel.")
        return await self.status(job_id)

    async def retry(self, job_id: str) -> JobStatus:
        """Begin it again, on the champion, as another attempt.

        Raises:
            Conflict: it has not failed.
        """
        job = await self._job(job_id)
        if job.state not in {JobState.FAILED, JobState.CANCELLED}:
            raise Conflict("Only a job that failed or was cancelled can begin again.")
        champion = await self.model_of(job.model).champion()
        if not await asyncio.to_thread(self.jobs.new_attempt, job_id, job.attempt, champion):
            raise Conflict("Somebody else began it again at the same time.")
        return await self.status(job_id)

    async def _job(self, job_id: str) -> Job:
        job = await asyncio.to_thread(self.jobs.job, job_id)
        if job is None:
            raise RouteNotFound("There is no job of this id; jobs that are long over are removed.")
        return job


def status_of(job: Job) -> JobStatus:
    """The job as it is told."""
    return JobStatus(
        job_id=job.job_id,
        state=job.state,
        attempt=job.attempt,
        model=job.model,
        model_version=job.model_version,
        counts=counts(job),
        chunks_total=job.chunks_total,
        chunks_done=job.chunks_done,
        created_at=job.created_at,
        updated_at=job.updated_at,
        finished_at=job.finished_at,
        output=job.output_uri,
        manifest=_manifest(job),
        code=job.code,
        reason=job.reason,
    )


def _manifest(job: Job) -> StoredObject | None:
    if job.manifest_uri is None or job.manifest_sha256 is None:
        return None
    return StoredObject(uri=job.manifest_uri, sha256=job.manifest_sha256)
