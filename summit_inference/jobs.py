"""What eventing says of jobs and of its quarantine, at `/jobs…` and `/quarantine…`. Trust boundary of its readers."""

from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from summit_inference.events import Counts, StoredObject


class JobState(StrEnum):
    """Where a job stands."""

    SCANNING = "scanning"
    """Its objects are being read for the first time, and cut into chunks."""
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_over(self) -> bool:
        """Whether nothing more happens to it."""
        return self in {JobState.COMPLETED, JobState.FAILED, JobState.CANCELLED}


class _Message(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", use_attribute_docstrings=True)


class JobStatus(_Message):
    """One job."""

    job_id: str
    state: JobState
    attempt: int = Field(ge=1)
    model: str
    model_version: str
    """Taken once, at acceptance; another one only with another attempt."""
    counts: Counts
    chunks_total: int
    chunks_done: int
    created_at: float
    """Unix seconds, as all instants here."""
    updated_at: float
    finished_at: float | None = None
    output: str
    """The prefix below which the results are."""
    manifest: StoredObject | None = None
    """Written last: once it is there, the results are whole."""
    code: str | None = None
    reason: str | None = None
    """Why it failed."""


class JobList(_Message):
    """Jobs, the newest first."""

    jobs: list[JobStatus]
    next: str | None = None
    """Send it as `?after=` for the next page; null on the last."""


class QuarantineEntry(_Message):
    """A document or an event that was given up on."""

    id: str
    kind: Literal["document", "event"]
    state: Literal["open", "replayed", "dropped"]
    job_id: str | None = None
    chunk_id: str | None = None
    line: int | None = None
    """Of the document in its object, from 1."""
    document_id: str | None = None
    event_type: str | None = None
    code: str
    reason: str
    tries: int
    created_at: float
    replayed_as: str | None = None
    """The job that a replay began."""


class QuarantineDetail(QuarantineEntry):
    """An entry with what was kept of it."""

    text: str | None = None
    """The document, where it came inline and is still there."""
    event: str | None = None
    """The event, in structured mode."""


class QuarantineList(_Message):
    """Entries, the newest first."""

    entries: list[QuarantineEntry]
    next: str | None = None
