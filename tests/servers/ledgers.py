"""Jobs, chunks and results as values, for tests of the ledger and of what stands on it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select

from eventing.chunk_range import Range
from eventing.chunk_rows import SqlChunks
from eventing.database import Database
from eventing.document import Document
from eventing.documents import ObjectReference
from eventing.ledger import Chunk, ChunkResult, ChunkState, Leased, Ledger, NewJob, Outgoing, Timing
from eventing.ledger_sql import sql_ledger
from eventing.schema import CHUNKS, METADATA

DIGEST = "0" * 64


@dataclass
class Clock:
    """Time that a test moves."""

    now: float = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


def inline_job(*sizes: int) -> NewJob:
    """A job with chunks of so many documents, `text 0` and on."""
    chunks, line = [], 1
    for size in sizes:
        chunks.append([Document(at, str(at), f"text {at - 1}") for at in range(line, line + size)])
        line += size
    return NewJob("job", "/producer", "event", "summit-extract", "3", "s3://out", "jsonl", inline=chunks)


def object_job(uri: str = "s3://in/object.jsonl") -> NewJob:
    """A job of one object, or of those below a prefix."""
    is_prefix = uri.endswith("/")
    reference = ObjectReference(uri) if is_prefix else ObjectReference(uri, 100, DIGEST)
    return NewJob("job", "/producer", "event", "summit-extract", "3", "s3://out", "jsonl", parts=[reference])


def stretch(first_line: int, lines: int = 10) -> Range:
    """A range of the object, a byte a line."""
    uri = "s3://in/object.jsonl"
    return Range(uri, uri, first_line, lines, lines, first_line - 1, first_line - 1 + lines, DIGEST)


def result_of(leased: Leased) -> ChunkResult:
    """A result with an answer for every document."""
    return ChunkResult(f"s3://out/{leased.chunk.chunk_id}", DIGEST, leased.chunk.take, 0)


def open_chunks(ledger: Ledger, job_id: str, attempt: int) -> list[Chunk]:
    """The attempt's chunks that have no result, in order."""
    assert isinstance(ledger.chunks, SqlChunks)
    wanted = select(CHUNKS.c.chunk_id).where(
        CHUNKS.c.job_id == job_id, CHUNKS.c.attempt == attempt, CHUNKS.c.state == ChunkState.OPEN
    )
    with ledger.chunks._rows.database.transaction() as connection:
        ids = sorted(connection.scalars(wanted))
    found = [ledger.chunks.chunk(job_id, attempt, chunk_id) for chunk_id in ids]
    return [chunk for chunk in found if chunk is not None]


def drained(ledger: Ledger) -> list[Outgoing]:
    """All that is due, published."""
    found: list[Outgoing] = []
    while claimed := ledger.outbox.claim(100):
        ledger.outbox.published(claimed)
        found += claimed
    return found


@contextmanager
def sqlite_ledger(folder: Path, clock: Clock) -> Iterator[Ledger]:
    """A ledger of its own in a file."""
    database = Database(f"sqlite:///{folder / 'ledger.db'}")
    METADATA.create_all(database.engine)
    yield sql_ledger(database, Timing(), clock)
    database.close()
