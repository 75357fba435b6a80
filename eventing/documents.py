"""The documents of an object: found once while it streams, and read again chunk by chunk.

An object is JSON Lines, plain or gzipped, or Parquet; its first bytes say which. Only plain JSON Lines can be read from
the middle, so the chunks of the others are laid out plain beside the results while they are found.
"""

import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

from eventing import parquet
from eventing.chunk_range import ChunkCutter, Cut, Range
from eventing.document import BadDocument, Document, document_of
from eventing.lines import Line, LineSplitter
from eventing.object_store import ObjectStore
from eventing.places import below
from eventing.reference_refused import ReferenceRefused, Refusal
from eventing.unpacking import GZIP_MAGIC, unpacked

__all__ = ["BadDocument", "Document", "ObjectReference", "Range", "ReadLimits", "ReferenceRefused", "read", "scan"]

_MEBIBYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class ObjectReference:
    """One object of a job, and what its producer says of it."""

    uri: str
    size_bytes: int | None = None
    sha256: str | None = None


@dataclass(frozen=True, slots=True)
class ReadLimits:
    """How much of everything."""

    max_object_bytes: int = 64 * 1024 * _MEBIBYTE
    """As it is stored."""
    max_unpacked_bytes: int = 256 * 1024 * _MEBIBYTE
    max_document_bytes: int = _MEBIBYTE
    """Of a line."""
    chunk_documents: int = 256
    chunk_bytes: int = 4 * _MEBIBYTE


async def scan(
    reference: ObjectReference, store: ObjectStore, limits: ReadLimits, *, staging: str, after_line: int = 0
) -> AsyncIterator[Range]:
    """The chunks of the object, in order, from the one that begins after line `after_line`.

    They count once the iteration has ended: the digest is known with the last byte. Holds one chunk in memory.
    Chunks of what cannot be read from the middle are written below `staging`.

    Raises:
        ReferenceRefused: the object is not what the reference says, or cannot be read.
        SummitError: as the store says.
    """
    cutter = ChunkCutter(limits.chunk_documents, limits.chunk_bytes)
    laid_out = _LaidOut(reference.uri, store, staging)
    opened = await _open(reference, store, limits)
    async for line in _lines(opened.pieces, limits.max_document_bytes):
        if line.number > after_line:
            for cut in cutter.add(line):
                yield await laid_out.range(cut, is_staged=opened.is_staged)
    for cut in cutter.close():
        yield await laid_out.range(cut, is_staged=opened.is_staged)


async def read(stretch: Range, store: ObjectStore, limits: ReadLimits) -> list[Document | BadDocument]:
    """The documents of one chunk; blank lines are none.

    Raises:
        ReferenceRefused: these are not the bytes that were scanned.
        SummitError: as the store says.
    """
    pieces = store.read(stretch.uri, stretch.start_byte, stretch.end_byte)
    digest = hashlib.sha256()
    documents = []
    async for line in _lines(pieces, limits.max_document_bytes, stretch.first_line):
        digest.update(line.content + b"\n")
        if not line.is_blank:
            documents.append(document_of(line, limits.max_document_bytes))
    if digest.hexdigest() != stretch.sha256:
        raise ReferenceRefused(Refusal.CHANGED, "The object was changed after the job had begun; send the job again.")
    return documents


async def _lines(pieces: AsyncIterator[bytes], max_bytes: int, first_line: int = 1) -> AsyncIterator[Line]:
    splitter = LineSplitter(max_bytes, first_number=first_line)
    async for piece in pieces:
        for line in splitter.feed(piece):
            yield line
    for line in splitter.close():
        yield line


@dataclass(frozen=True, slots=True)
class _Opened:
    pieces: AsyncIterator[bytes]
    """JSON Lines."""
    is_staged: bool


async def _open(reference: ObjectReference, store: ObjectStore, limits: ReadLimits) -> _Opened:
    info = await store.size(reference.uri)
    if reference.size_bytes not in (None, info.size_bytes):
        raise ReferenceRefused(
            Refusal.SIZE_MISMATCH, f"The object has {info.size_bytes} bytes, not {reference.size_bytes}; send it again."
        )
    if info.size_bytes > limits.max_object_bytes:
        raise ReferenceRefused(
            Refusal.TOO_LARGE, f"The object has more than {limits.max_object_bytes} bytes; split it."
        )
    pieces = _verified(reference, store)
    magic = b"".join([piece async for piece in store.read(reference.uri, 0, min(4, info.size_bytes))])
    if magic.startswith(GZIP_MAGIC):
        return _Opened(unpacked(pieces, limits.max_unpacked_bytes), is_staged=True)
    if magic == parquet.PARQUET_MAGIC:
        async for _ in pieces:  # its rows are read anywhere, so its digest is checked before
            pass
        rows = parquet.json_lines(reference.uri, info.size_bytes, store)
        return _Opened(_limited(rows, limits.max_unpacked_bytes), is_staged=True)
    return _Opened(pieces, is_staged=False)


async def _verified(reference: ObjectReference, store: ObjectStore) -> AsyncIterator[bytes]:
    digest = hashlib.sha256()
    async for piece in store.read(reference.uri, 0, None):
        digest.update(piece)
        yield piece
    if reference.sha256 not in (None, digest.hexdigest()):
        raise ReferenceRefused(
            Refusal.DIGEST_MISMATCH, "The object's sha256 is another one than the reference says; send it again."
        )


async def _limited(pieces: AsyncIterator[bytes], max_bytes: int) -> AsyncIterator[bytes]:
    async for piece in pieces:
        max_bytes -= len(piece)
        if max_bytes < 0:
            raise ReferenceRefused(Refusal.TOO_LARGE, "The object unpacks to more than is allowed; split it.")
        yield piece


class _LaidOut:
    """Where the bytes of each chunk are: in the object itself, or in a plain one of our own."""

    def __init__(self, source: str, store: ObjectStore, staging: str) -> None:
        self._source, self._store, self._staging = source, store, staging

    async def range(self, cut: Cut, *, is_staged: bool) -> Range:
        first, last = cut.lines[0], cut.lines[-1]
        content = cut.content()
        sha256 = hashlib.sha256(content).hexdigest()
        uri, start, end = self._source, first.start, last.end
        if is_staged:
            uri, start, end = below(self._staging, f"{first.number}-{sha256[:16]}.jsonl"), 0, len(content)
            await self._store.put_once(uri, content)
        return Range(uri, self._source, first.number, len(cut.lines), cut.documents, start, end, sha256)
