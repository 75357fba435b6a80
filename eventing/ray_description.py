"""What a driver on Ray needs to know of a job, as one object beside the results. Pure.

The consumer writes it, and names it by its content; whoever may start Ray jobs can work on it: a submission through the
Jobs API, a RayJob on Kubernetes, or a Python process on one machine.
"""

from collections.abc import Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from eventing.chunk_range import Range
from eventing.documents import ReadLimits
from eventing.ledger import Chunk, Job
from eventing.object_store import StoreOptions
from eventing.results import attempt_place
from summit_inference.events import FileFormat


class DescribedChunk(BaseModel):
    """Documents `skip` to `skip + take` of a range, as `ledger.Chunk` has them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    chunk_id: str
    range: Range
    skip: int
    take: int


class RayWork(BaseModel):
    """How Ray's workers do their chunks. All are settings of the consumer."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    models: Path
    """On Ray's nodes: `<name>/<version>/` below it is a model version."""
    store: StoreOptions
    limits: ReadLimits
    max_characters: int
    """Code points of a document."""
    patience_seconds: float
    """For an object store that does not answer, before the driver gives up."""
    workers: int
    """Actors at most, each with the model."""
    cpus: float
    """Of one actor."""
    gpus: float


class RayDescription(BaseModel):
    """One job's open chunks, and all that it takes to do them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    job_id: str
    attempt: int
    model: str
    model_version: str
    place: str
    """The prefix of all that the attempt writes."""
    output_format: FileFormat
    work: RayWork
    chunks: Sequence[DescribedChunk]


def described(job: Job, chunks: Sequence[Chunk], work: RayWork) -> RayDescription:
    """The description of these chunks; those whose documents came inline are not Ray's."""
    return RayDescription(
        job_id=job.job_id,
        attempt=job.attempt,
        model=job.model,
        model_version=job.model_version,
        place=attempt_place(job.output_uri, job.job_id, job.attempt),
        output_format=job.output_format,
        work=work,
        chunks=[
            DescribedChunk(chunk_id=each.chunk_id, range=each.range, skip=each.skip, take=each.take)
            for each in chunks
            if each.range
        ],
    )
