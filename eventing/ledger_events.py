"""The events that a change of a job takes along. Pure.

Their ids say what they tell of, so that one that is told twice is the same event.
"""

from collections.abc import Sequence

from eventing.ledger import Job
from summit_inference.cloudevent import Event
from summit_inference.events import (
    CompletedData,
    Counts,
    FailedData,
    FinishData,
    ProgressedData,
    ScanData,
    StoredObject,
    event_of,
)


def scans(job_id: str, attempt: int, parts: Sequence[int], source: str) -> list[Event]:
    """One for each part that has to be read."""
    return [
        event_of(ScanData(job_id=job_id, part=part), source=source, id=f"{job_id}/{attempt}/scan/{part}")
        for part in parts
    ]


def finish(job_id: str, attempt: int, source: str) -> Event:
    """All chunks are done."""
    data = FinishData(job_id=job_id, attempt=attempt)
    return event_of(data, source=source, id=f"{job_id}/{attempt}/finish")


def progressed(job: Job, source: str) -> Event:
    """How far the job is."""
    data = ProgressedData(job_id=job.job_id, attempt=job.attempt, done=job.done, failed=job.failed, total=job.total)
    return event_of(data, source=source, id=f"{job.job_id}/{job.attempt}/progressed/{job.done + job.failed}")


def completed(job: Job, manifest: StoredObject, source: str) -> Event:
    """The results are whole."""
    data = CompletedData(
        job_id=job.job_id,
        attempt=job.attempt,
        model=job.model,
        model_version=job.model_version,
        manifest=manifest,
        counts=counts(job),
    )
    return event_of(data, source=source, id=f"{job.job_id}/{job.attempt}/completed")


def failed(data: FailedData, attempt: int, source: str) -> Event:
    """The job ended without results."""
    return event_of(data, source=source, id=f"{data.job_id}/{attempt}/failed/{data.code}")


def counts(job: Job) -> Counts:
    """The job's documents, as they are told."""
    return Counts(total=job.total, done=job.done, failed=job.failed, quarantined=job.quarantined)
