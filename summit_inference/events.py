"""Our events: their types, and the data that each carries. The trust boundary of batch jobs.

A producer sends `requested` and gets `progressed`, `completed` and `failed`; `chunk`, `scan` and `finish` are work that
eventing sends to itself through the broker. `cloudevent.py` knows how an event travels, this what ours say.
"""

from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from summit_inference.cloudevent import Event
from summit_inference.errors import InvalidRequest

_PREFIX = "ai.summit.extraction"

JobId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$")]
"""It is a folder of the results: no slash, no leading dot."""
ModelName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{1,128}$")]
ModelVersion = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{1,64}$")]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
ObjectUri = Annotated[str, StringConstraints(pattern=r"^(s3|file)://[^\s?#]+$", max_length=2048)]
FileFormat = Literal["jsonl", "parquet"]


class EventData(BaseModel):
    """The data of one type of event. Members that we do not know are a sender's mistake in what we are sent."""

    event_type: ClassVar[str]
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class InlineDocument(BaseModel):
    """One text of a job, in the event itself."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    id: str | None = Field(default=None, max_length=512)
    """Stands beside the document's entities in the results; its line, from 1, where it has none."""
    text: str


class Reference(BaseModel):
    """Documents in an object store: one object, or all objects below a prefix.

    Each is JSON Lines, plain or gzipped, or Parquet: its first bytes say which.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    uri: ObjectUri
    """An object, or, where it ends in a slash, all objects below it. Only allowed buckets and directories."""
    size_bytes: int | None = Field(default=None, ge=0)
    """Needed for one object: another size fails the job."""
    sha256: Sha256 | None = None
    """Needed for one object: of its bytes as stored; another digest fails the job."""

    @property
    def is_prefix(self) -> bool:
        """Whether it means many objects."""
        return self.uri.endswith("/")

    @model_validator(mode="after")
    def _is_pinned(self) -> Self:
        if self.is_prefix in (self.sha256 is not None, self.size_bytes is not None):
            raise ValueError("one object needs size_bytes and sha256; a prefix, which ends in a slash, has neither")
        return self


class Output(BaseModel):
    """Where the results go, and in which form."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    uri: ObjectUri | None = None
    """A prefix; below it, `<job_id>/<attempt>/`. The place that eventing is set to, where none is given."""
    format: FileFormat = "jsonl"


class RequestedData(EventData):
    """A job. Its documents come inline, or by reference."""

    event_type: ClassVar[str] = f"{_PREFIX}.requested.v1"

    job_id: JobId | None = None
    """A digest of the event's source and id, where none is given."""
    model: ModelName = "summit-extract"
    model_version: ModelVersion | None = None
    """The version that the whole job uses; the champion at acceptance where none is given."""
    documents: list[InlineDocument] | None = Field(default=None, min_length=1)
    reference: Reference | None = None
    output: Output = Output()

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        if (self.documents is None) == (self.reference is None):
            raise ValueError("send either 'documents' or 'reference'")
        return self


class ScanData(EventData):
    """Work of ours: find the chunks of one object of a job."""

    event_type: ClassVar[str] = f"{_PREFIX}.scan.v1"

    job_id: JobId
    part: int = Field(ge=0)
    """Which of the job's objects; 0 of a prefix lists them first."""


class ChunkData(EventData):
    """Work of ours: one chunk of a job. What is in it stands in the ledger: the event says which."""

    event_type: ClassVar[str] = f"{_PREFIX}.chunk.v1"

    job_id: JobId
    attempt: int = Field(ge=1)
    chunk_id: str = Field(pattern=r"^[0-9A-Za-z._-]{1,128}$")
    model_version: ModelVersion


class FinishData(EventData):
    """Work of ours: all chunks of an attempt are done, write its manifest."""

    event_type: ClassVar[str] = f"{_PREFIX}.finish.v1"

    job_id: JobId
    attempt: int = Field(ge=1)


class Counts(BaseModel):
    """Documents of a job. `done` and `failed` add up to `total` when it is over."""

    model_config = ConfigDict(frozen=True, extra="ignore", use_attribute_docstrings=True)

    total: int | None = Field(default=None, ge=0)
    """Null while the objects have not all been read."""
    done: int = Field(default=0, ge=0)
    failed: int = Field(default=0, ge=0)
    """In the error files, with line and reason."""
    quarantined: int = Field(default=0, ge=0)
    """Of the failed ones, those that were given up on after several tries."""


class StoredObject(BaseModel):
    """An object that was written, and its content's digest."""

    model_config = ConfigDict(frozen=True, extra="ignore", use_attribute_docstrings=True)

    uri: str
    sha256: Sha256


class ProgressedData(EventData):
    """How far a job is. Sent now and then; one may overtake another."""

    event_type: ClassVar[str] = f"{_PREFIX}.progressed.v1"

    job_id: JobId
    attempt: int
    done: int
    failed: int
    total: int | None


class CompletedData(EventData):
    """A job is done: every document is in the results or in an error file."""

    event_type: ClassVar[str] = f"{_PREFIX}.completed.v1"

    job_id: JobId
    attempt: int
    model: ModelName
    model_version: ModelVersion
    """The version that answered for every document."""
    manifest: StoredObject
    """It names every result object, with its digest."""
    counts: Counts


class FailedData(EventData):
    """A job ended without results."""

    event_type: ClassVar[str] = f"{_PREFIX}.failed.v1"

    job_id: JobId
    code: str
    """Stable: `reference_refused`, `size_mismatch`, `digest_mismatch`, `cancelled`, …"""
    reason: str
    """A sentence."""
    action: str
    """What was done, and what the producer can do."""


def data_of(event: Event, kind: type[EventData]) -> Any:
    """The event's data as `kind`.

    Raises:
        InvalidRequest: it is not what the contract says; the sentence names every fault.
    """
    if event.datacontenttype is not None and event.datacontenttype.split(";")[0].strip() != "application/json":
        raise InvalidRequest("The event's data must be of content type application/json.")
    try:
        return kind.model_validate_json(event.data)
    except ValidationError as error:
        faults = "; ".join(
            f"{'.'.join(map(str, each['loc'])) or 'data'}: {each['msg']}"
            for each in error.errors(include_url=False, include_input=False, include_context=False)[:_MAX_FAULTS]
        )
        raise InvalidRequest(f"The data of {kind.event_type} is not what the contract says: {faults}.") from None


def event_of(data: EventData, *, source: str, id: str, time: str | None = None) -> Event:  # noqa: A002 - CloudEvents' word
    """The event that carries this data, its job as subject."""
    return Event(
        id=id,
        source=source,
        type=data.event_type,
        subject=str(getattr(data, "job_id", None) or "") or None,
        time=time,
        datacontenttype="application/json",
        data=data.model_dump_json(exclude_none=True).encode(),
    )


_MAX_FAULTS = 5
