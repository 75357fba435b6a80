"""The ledger: which jobs there are, what of them is done, and what happens next. Values, and the protocol to keep them.

Every method is one transaction, and every change of state takes along the events that tell of it, so that neither is
without the other. Each may be called again with the same arguments and then changes nothing: brokers deliver twice.
Instants are Unix seconds of the caller's clock. Nothing that counts depends on clocks being right: a lease only spares
doing work twice, and what is done twice is taken once.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, Protocol

from eventing.chunk_range import Range
from eventing.document import Document
from eventing.documents import ObjectReference
from eventing.ray_run import RayRun
from summit_inference.cloudevent import Event
from summit_inference.events import FailedData, FileFormat, StoredObject
from summit_inference.jobs import JobState


@dataclass(frozen=True, slots=True)
class Job:
    """One job as it stands."""

    job_id: str
    state: JobState
    attempt: int
    model: str
    model_version: str
    output_uri: str
    output_format: FileFormat
    total: int | None
    """Documents; None while its objects have not all been read."""
    done: int
    failed: int
    quarantined: int
    chunks_total: int
    chunks_done: int
    created_at: float
    updated_at: float
    finished_at: float | None = None
    manifest_uri: str | None = None
    manifest_sha256: str | None = None
    code: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class NewJob:
    """What an accepted event asks for: inline documents in chunks, or parts to be scanned for chunks."""

    job_id: str
    source: str
    event_id: str
    model: str
    model_version: str
    output_uri: str
    output_format: FileFormat
    inline: Sequence[Sequence[Document]] = ()
    parts: Sequence[ObjectReference] = ()


@dataclass(frozen=True, slots=True)
class Part:
    """One object of a job, or the prefix that holds its objects."""

    job_id: str
    part: int
    reference: ObjectReference
    is_done: bool

    @property
    def is_prefix(self) -> bool:
        """Whether it has to be listed, not read."""
        return self.reference.uri.endswith("/")


@dataclass(frozen=True, slots=True)
class Scanned:
    """How far the scan of a part has come: the next one goes on from there."""

    chunks: int
    last_line: int


class ChunkState(StrEnum):
    """Where a chunk stands."""

    FOUND = "found"
    """By a scan that has not reached the end of the object, whose digest may yet be wrong."""
    OPEN = "open"
    DONE = "done"
    SPLIT = "split"
    """Two halves stand in its place."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """The work of one request: documents `skip` to `skip + take` of its range, or of its inline documents."""

    job_id: str
    attempt: int
    chunk_id: str
    root_id: str
    """The chunk that it was once a part of; itself, as a rule."""
    range: Range | None
    """None where its documents came inline."""
    skip: int
    take: int
    tries: int = 0
    """With this one. Being told to wait is no try."""
    was_given_back: bool = False
    """Whether it was tried before and brought no result."""


@dataclass(frozen=True, slots=True)
class Leased:
    """A chunk, for its holder alone until the lease is over."""

    job: Job
    chunk: Chunk
    owner: str


class NoLease(StrEnum):
    """Why there is nothing to do for a chunk's event."""

    DONE = "done"
    TAKEN = "taken"
    """Another has it; when its lease is over without a result, the chunk is published again."""
    OVER = "over"
    """The job is over, or at another attempt, or there is none of this name."""


@dataclass(frozen=True, slots=True)
class ChunkResult:
    """The object that a chunk's results are in."""

    uri: str
    sha256: str
    documents: int
    """That have an answer."""
    failed: int
    """That have an entry in the error file."""
    errors_uri: str | None = None
    errors_sha256: str | None = None


@dataclass(frozen=True, slots=True)
class FinishedChunk:
    """A chunk in the manifest."""

    chunk_id: str
    result: ChunkResult


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A document or an event that was given up on."""

    id: str
    kind: Literal["document", "event"]
    code: str
    reason: str
    tries: int = 0
    job_id: str | None = None
    attempt: int | None = None
    chunk_id: str | None = None
    line: int | None = None
    document_id: str | None = None
    event_type: str | None = None
    event: str | None = None
    """In structured mode."""
    state: Literal["open", "replayed", "dropped"] = "open"
    created_at: float = 0.0
    replayed_as: str | None = None


@dataclass(frozen=True, slots=True)
class Outgoing:
    """An event to publish."""

    number: int | None
    """Of its row in the outbox; None for a chunk's event, which its chunk stands for."""
    event: Event


@dataclass(frozen=True, slots=True)
class Message:
    """An event in the embedded queue."""

    id: int
    event: Event
    tries: int
    """With this one."""


@dataclass(frozen=True, slots=True)
class Backlog:
    """What waits."""

    jobs: int = 0
    oldest_seconds: float = 0.0
    """Age of the oldest job that is not over."""
    chunks: int = 0
    outbox: int = 0
    quarantined: int = 0


@dataclass(frozen=True, slots=True)
class Timing:
    """How long things may take before they are taken for lost. All are settings."""

    lease_seconds: float = 60.0
    """For one chunk: longer than its request may take."""
    republish_seconds: float = 300.0
    """After which a chunk whose event brought nothing is published again; doubled each time, up to 16 times."""
    claim_seconds: float = 30.0
    """For one event of the outbox or of the queue to be handed on."""
    delay_seconds: float = 30.0
    """The farthest ahead that callers put anything off."""
    progress_seconds: float = 5.0
    """Between two `progressed` events of a job."""
    chunk_window: int = 512
    """Chunks of which an event is under way at once: what a broker holds for us."""
    ray_documents: int | None = None
    """From so many documents on, a job that came by reference is Ray's. None: no job is."""
    source: str = "/summit/eventing"
    """The source of the events that we send."""


class JobLedger(Protocol):
    """Jobs and their parts."""

    def accept(self, new: NewJob) -> bool:
        """Record a job with its chunks and the events that begin it; False where its event was here before.

        Raises:
            Conflict: another event has taken this job id, or this event has begun another job.
        """

    def refuse(self, new: NewJob, failed: FailedData) -> bool:
        """Record a job that failed before it began; False as `accept`."""

    def has_seen(self, source: str, event_id: str) -> bool: ...
    def job(self, job_id: str) -> Job | None: ...
    def jobs(self, *, state: JobState | None = None, limit: int = 50, after: str | None = None) -> list[Job]: ...
    def part(self, job_id: str, part: int) -> Part | None: ...

    def add_parts(self, job_id: str, part: int, references: Sequence[ObjectReference]) -> None:
        """Put the objects that a prefix holds in its place."""

    def add_chunks(self, job_id: str, part: int, first: int, ranges: Sequence[Range]) -> None:
        """Record what a scan has found: ranges number `first` and on of the part."""

    def scanned(self, job_id: str, part: int) -> Scanned: ...

    def finish_part(self, job_id: str, part: int, chunks: int) -> None:
        """Open the `chunks` that a scan has found; with the last part, the job's total is known.

        Raises:
            Overloaded: there are others, of a scan at the same time; scan again.
        """

    def new_attempt(self, job_id: str, attempt: int, model_version: str) -> bool:
        """Begin the job again on this version, from what its parts hold; False where `attempt` is not its present one.

        A job that has failed or was cancelled begins again, too.
        """

    def complete(self, job_id: str, attempt: int, manifest: StoredObject) -> bool: ...
    def fail(self, failed: FailedData, *, state: JobState = JobState.FAILED) -> bool:
        """End a job that is not over, and say so; False where it is over."""


class ChunkLedger(Protocol):
    """Chunks."""

    def lease(self, job_id: str, attempt: int, chunk_id: str, owner: str) -> Leased | NoLease: ...
    def chunk(self, job_id: str, attempt: int, chunk_id: str) -> Chunk | None: ...

    def documents(self, chunk: Chunk) -> list[Document]:
        """Its documents, where they came inline."""

    def release(self, leased: Leased, *, was_busy: bool, delay_seconds: float = 0.0) -> None:
        """Give the chunk back without a result. With `was_busy` it was no try."""

    def finish(self, leased: Leased, result: ChunkResult, quarantined: Sequence[Quarantined] = ()) -> bool:
        """Take the result, if it is the first; with the last one of the attempt, the event to finish it goes out."""

    def split(self, leased: Leased) -> bool:
        """Put two halves in the place of a chunk of several documents."""

    def republish(self, job_id: str, attempt: int, chunk_id: str, delay_seconds: float) -> None:
        """Publish the chunk's event again: the broker has given it up."""

    def finished(self, job_id: str, attempt: int, *, after: str = "", limit: int = 1000) -> list[FinishedChunk]: ...
    def open(self, job_id: str, attempt: int, *, after: str = "", limit: int = 1000) -> list[Chunk]: ...


class Outbox(Protocol):
    """Events that are recorded and not yet published."""

    def add(self, events: Sequence[Event], *, delay_seconds: float = 0.0) -> None: ...

    def claim(self, limit: int) -> list[Outgoing]:
        """Events that are due, for the caller alone for a while; several consumers get different ones."""

    def published(self, outgoing: Sequence[Outgoing]) -> None: ...

    def unpublished(self, outgoing: Sequence[Outgoing], delay_seconds: float) -> None:
        """They could not be handed on; claim them again after a while."""


class Queue(Protocol):
    """The embedded queue."""

    def enqueue(self, events: Sequence[Event]) -> None:
        """Add events. One with the source and id of one that is there is that one."""

    def claim(self, limit: int, seconds: float, *, needs_model: bool) -> list[Message]:
        """Events that are due, for the caller alone for so long: those of chunks, or all others."""

    def acknowledge(self, message: Message) -> None: ...
    def retry(self, message: Message, delay_seconds: float) -> None: ...

    def recover(self) -> None:
        """Give back all that is claimed and leased. For the start of the one consumer of a database."""


class Quarantine(Protocol):
    """What was given up on."""

    def add(self, entry: Quarantined) -> None: ...
    def entries(self, *, state: str | None = None, limit: int = 50, after: str | None = None) -> list[Quarantined]: ...
    def entry(self, entry_id: str) -> Quarantined | None: ...

    def settle(self, entry_id: str, state: Literal["replayed", "dropped"], replayed_as: str | None = None) -> bool:
        """Close an open entry; False where it is not open."""


class RayRuns(Protocol):
    """Jobs in the hands of Ray: no event goes out for their chunks."""

    def claim(self, limit: int, seconds: float) -> list[RayRun]:
        """Those that nobody has looked after for so long, for the caller alone until that time is over again."""

    def submit_again(self, run: RayRun) -> None:
        """Count another submission."""

    def end(self, run: RayRun) -> None:
        """Take the job back. If it is not over, its open chunks go the ordinary way."""

    def end_all(self) -> int:
        """Take every job back; how many."""


class Upkeep(Protocol):
    """What operators watch, what must not stand still, and what time removes."""

    def revive(self) -> int:
        """Tell again to scan or to finish the jobs of which nothing was heard for long; how many."""

    def backlog(self) -> Backlog: ...

    def purge(self, *, jobs_seconds: float, quarantine_seconds: float) -> int:
        """Remove jobs that ended, and entries that were settled, longer ago than that; how many jobs."""


@dataclass(frozen=True, slots=True)
class Ledger:
    """All of it, over one database."""

    jobs: JobLedger
    chunks: ChunkLedger
    outbox: Outbox
    queue: Queue
    quarantine: Quarantine
    ray: RayRuns
    upkeep: Upkeep
