"""What a job leaves behind: an object a chunk, an error object where documents failed, and a manifest, written last.

Below `<output>/<job_id>/<attempt>/`. Objects are named by their content and written once: work that is done twice
changes nothing. What the manifest does not name, does not count.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import orjson

from eventing import parquet
from eventing.document import BadDocument
from eventing.ledger import ChunkResult
from eventing.object_store import ObjectStore
from eventing.places import below
from summit_inference.events import FileFormat
from summit_inference.spans import Span

_NAME_DIGITS = 16


@dataclass(frozen=True, slots=True)
class Answer:
    """One document's row of a result object."""

    id: str
    line: int
    spans: Sequence[Span]
    model_version: str
    degraded: bool = False


@dataclass(frozen=True, slots=True)
class Manifest:
    """All of one attempt. The same attempt always gives the same manifest: no time stands in it."""

    job_id: str
    attempt: int
    model: str
    model_version: str
    format: FileFormat
    documents: int
    failed: int
    objects: Sequence[ChunkResult]
    """In the order of the documents."""


@dataclass(frozen=True, slots=True)
class WrittenObject:
    """An object's place, and its content's digest."""

    uri: str
    sha256: str


def attempt_place(output: str, job_id: str, attempt: int) -> str:
    """The prefix of all that an attempt writes."""
    return below(output, f"{job_id}/{attempt}")


def staging_place(output: str, job_id: str) -> str:
    """The prefix of a job's input that had to be laid out plain; every attempt reads it."""
    return below(output, f"{job_id}/input")


async def write_chunk(  # noqa: PLR0913 - what names and fills one object
    store: ObjectStore,
    place: str,
    chunk_id: str,
    *,
    rows: Sequence[Answer],
    errors: Sequence[BadDocument],
    file_format: FileFormat,
) -> ChunkResult:
    """The objects of one chunk, written below an attempt's place. Errors go first: whoever has the result has both.

    Raises:
        SummitError: as the store says.
    """
    failed = await _write(store, f"{place}/errors/{chunk_id}", "jsonl", _json_lines(errors)) if errors else None
    answered = await _write(store, f"{place}/results/{chunk_id}", file_format, _answers(rows, file_format))
    return ChunkResult(
        answered.uri,
        answered.sha256,
        documents=len(rows),
        failed=len(errors),
        errors_uri=failed.uri if failed else None,
        errors_sha256=failed.sha256 if failed else None,
    )


async def write_manifest(store: ObjectStore, output: str, manifest: Manifest) -> WrittenObject:
    """The manifest, written once all that it names is there.

    Raises:
        Conflict: the attempt has another manifest already.
    """
    uri = f"{attempt_place(output, manifest.job_id, manifest.attempt)}/manifest.json"
    body = orjson.dumps(manifest, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
    await store.put_once(uri, body)
    return WrittenObject(uri, hashlib.sha256(body).hexdigest())


def _answers(rows: Sequence[Answer], file_format: FileFormat) -> bytes:
    if file_format == "parquet":
        return parquet.table_bytes([asdict(row) for row in rows])
    return _json_lines(rows)


def _json_lines(rows: Sequence[Answer] | Sequence[BadDocument]) -> bytes:
    return b"".join(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in rows)


async def _write(store: ObjectStore, stem: str, suffix: str, body: bytes) -> WrittenObject:
    digest = hashlib.sha256(body).hexdigest()
    uri = f"{stem}-{digest[:_NAME_DIGITS]}.{suffix}"
    await store.put_once(uri, body)
    return WrittenObject(uri, digest)
