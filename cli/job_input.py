"""What `summit job submit` sends: a small file's documents inline, all else by reference, pinned by size and sha256."""

import asyncio
import hashlib
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile

import orjson
from pydantic import ValidationError

from summit_inference.errors import InvalidRequest, SummitError, TooLarge
from summit_inference.events import InlineDocument, Reference

_INLINE_BYTES = 256 * 1024
_BLOCK_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class JobInput:
    """Documents or a reference: one of both."""

    documents: list[InlineDocument] | None = None
    reference: Reference | None = None


def from_file(path: Path, kept_below: Path, *, is_near: bool) -> JobInput:
    """The documents of a file of this machine; of one that is not small, a copy that stays as it is.

    A file of JSON Lines (plain or gzipped) or Parquet holds many documents, a `.txt` file is one. `is_near`: the
    service is on this machine and so can read the copy.

    Raises:
        InvalidRequest: the file cannot be read.
        TooLarge: the service is elsewhere and the file too large to be sent.
    """
    try:
        documents = _inline(path)
        if documents is not None:
            return JobInput(documents=documents)
        if not is_near:
            raise TooLarge(f"{path} is too large to be sent inline, or not clean; put it into S3 and submit s3://…")
        return JobInput(reference=_kept(path, kept_below))
    except OSError as error:
        raise InvalidRequest(f"{path}: {error.strerror}") from error


def from_uri(uri: str, *, size_bytes: int | None, sha256: str | None, s3_endpoint_url: str) -> JobInput:
    """A reference to an object, or, where the URI ends in a slash, to all below it.

    Size and digest that are not given are found by reading the object once from here.

    Raises:
        SummitError: it cannot be read from here.
    """
    if not uri.endswith("/") and (size_bytes is None or sha256 is None):
        size_bytes, sha256 = asyncio.run(_measured(uri, s3_endpoint_url))
    try:
        return JobInput(reference=Reference(uri=uri, size_bytes=size_bytes, sha256=sha256))
    except ValidationError as error:
        raise InvalidRequest(f"{uri}: {error.errors()[0]['msg']}") from None


def _inline(path: Path) -> list[InlineDocument] | None:
    """The documents, where they are few and every line is one: a broken line belongs into the job's error file."""
    if path.stat().st_size > _INLINE_BYTES:
        return None
    try:
        if path.suffix == ".txt":
            return [InlineDocument(id=path.name, text=path.read_text("utf-8"))]
        lines = [line for line in path.read_text("utf-8").split("\n") if line.strip()]
        return [_document(orjson.loads(line)) for line in lines] or None
    except (ValueError, AttributeError):  # bytes that are no UTF-8, text that is no JSON, JSON that is no document
        return None


def _document(value: dict[str, object]) -> InlineDocument:
    document_id = value.get("id")
    named = str(document_id) if isinstance(document_id, int) and not isinstance(document_id, bool) else document_id
    return InlineDocument.model_validate({"id": named, "text": value.get("text")})


def _kept(path: Path, below: Path) -> Reference:
    below.mkdir(parents=True, exist_ok=True, mode=0o700)
    digest = hashlib.sha256()
    with path.open("rb") as content, NamedTemporaryFile(dir=below, delete=False) as copy:
        try:
            while block := content.read(_BLOCK_BYTES):
                digest.update(block)
                copy.write(block)
            size_bytes = copy.tell()
        except BaseException:
            Path(copy.name).unlink()
            raise
    kept = below / f"{digest.hexdigest()[:16]}-{_plain(path.name)}"
    shutil.move(copy.name, kept)
    return Reference(uri=f"file://{os.path.realpath(kept)}", size_bytes=size_bytes, sha256=digest.hexdigest())


def _plain(name: str) -> str:
    return "".join(character if character.isalnum() or character in "._-" else "_" for character in name)


async def _measured(uri: str, s3_endpoint_url: str) -> tuple[int, str]:
    from eventing.object_store import StoreOptions, open_store  # noqa: PLC0415 - a client for S3, for those who use it

    store = open_store(StoreOptions(readable=[uri], s3_endpoint_url=s3_endpoint_url))
    digest, size_bytes = hashlib.sha256(), 0
    try:
        async for piece in store.read(uri):
            digest.update(piece)
            size_bytes += len(piece)
    except SummitError as error:
        raise InvalidRequest(f"{uri} cannot be read from here; mend that, or give --size-bytes and --sha256") from error
    return size_bytes, digest.hexdigest()
