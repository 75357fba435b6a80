"""From an event that asks for a job to the job: its id, its chunks or parts, who works on it. Pure."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from eventing.document import Document
from eventing.documents import ObjectReference
from eventing.ledger import NewJob
from eventing.places import Allowed
from summit_inference.cloudevent import Event
from summit_inference.errors import InvalidRequest, TooLarge
from summit_inference.events import InlineDocument, Reference, RequestedData

_MAX_IDENTITY_CHARACTERS = 512
_DIGEST_CHARACTERS = 32


@dataclass(frozen=True, slots=True)
class IntakePolicy:
    """What jobs may ask for. All are settings."""

    results_uri: str
    allowed: Allowed
    max_inline_documents: int = 10_000
    chunk_documents: int = 256
    chunk_bytes: int = 4 * 1024 * 1024


def job_id_of(event: Event, data: RequestedData) -> str:
    """The job's id: the one that was asked for, or one that the same event always gets.

    Raises:
        InvalidRequest: source or id is too long to be kept.
    """
    if max(len(event.source), len(event.id)) > _MAX_IDENTITY_CHARACTERS:
        raise InvalidRequest(f"Source and id of an event may have {_MAX_IDENTITY_CHARACTERS} characters each.")
    identity = f"{len(event.source)}:{event.source}{event.id}".encode()
    return data.job_id or hashlib.sha256(identity).hexdigest()[:_DIGEST_CHARACTERS]


def new_job(event: Event, data: RequestedData, model_version: str, policy: IntakePolicy) -> NewJob:
    """The job that the event asks for, on this model version. What it may do is `check`ed apart from it."""
    return NewJob(
        job_id=job_id_of(event, data),
        source=event.source,
        event_id=event.id,
        model=data.model,
        model_version=model_version,
        output_uri=(data.output.uri or policy.results_uri).rstrip("/"),
        output_format=data.output.format,
        inline=list(inline_chunks(data.documents or (), policy.chunk_documents, policy.chunk_bytes)),
        parts=[_object(data.reference)] if data.reference else [],
    )


def check(data: RequestedData, policy: IntakePolicy) -> None:
    """Do nothing where the job may be done.

    Raises:
        TooLarge: too many documents inline.
        Forbidden, InvalidRequest: its objects may not be read, or its results not be written.
    """
    if len(data.documents or ()) > policy.max_inline_documents:
        raise TooLarge(f"An event holds at most {policy.max_inline_documents} documents; send more by reference.")
    output = data.output.uri or policy.results_uri
    policy.allowed.to_write(output)
    if data.reference:
        policy.allowed.to_read(data.reference.uri)
        if data.reference.is_prefix and output.startswith(data.reference.uri):
            raise InvalidRequest("Results may not go below the prefix that documents come from; choose another output.")


def inline_chunks(documents: Sequence[InlineDocument], max_documents: int, max_bytes: int) -> Iterator[list[Document]]:
    """The documents in order, in chunks of as many as fit; a document that fits nowhere is a chunk of its own."""
    chunk: list[Document] = []
    left = max_bytes
    for line, each in enumerate(documents, start=1):
        size = len(each.text.encode())
        if chunk and (len(chunk) == max_documents or size > left):
            yield chunk
            chunk, left = [], max_bytes
        chunk.append(Document(line, each.id if each.id is not None else str(line), each.text))
        left -= size
    if chunk:
        yield chunk


def _object(reference: Reference) -> ObjectReference:
    return ObjectReference(reference.uri, reference.size_bytes, reference.sha256)
