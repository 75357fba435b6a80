"""Parquet: its rows as JSON Lines, and answers as Parquet. The only file that knows pyarrow."""

import asyncio
import io
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

import orjson

from eventing.reference_refused import ReferenceRefused, Refusal
from summit_inference.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterator

PARQUET_MAGIC = b"PAR1"
_ROWS = 256
_BUFFER_BYTES = 1024 * 1024
_NOT_UTF8 = b"\xff\n"
"""Stands for a row whose text is not UTF-8: no JSON Lines reader takes it for one."""


class Readable(Protocol):
    """What is needed of an object store."""

    def read(self, uri: str, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]: ...


async def json_lines(uri: str, size_bytes: int, store: Readable) -> AsyncIterator[bytes]:
    """The rows, a line each, a few hundred at once. Columns: `text`, and perhaps `id`; others are not read.

    Raises:
        ReferenceRefused: it is no Parquet, or has no such columns.
    """
    source = _RangedFile(uri, size_bytes, store, asyncio.get_running_loop())
    batches = await asyncio.to_thread(_batches, source)
    while (batch := await asyncio.to_thread(_next, batches)) is not None:
        yield b"".join(_lines(batch))


def table_bytes(rows: Sequence[Mapping[str, Any]]) -> bytes:
    """Answers as one Parquet file: a row a document, its spans a list of structs. The same rows give the same bytes."""
    arrow = _pyarrow()
    span = arrow.struct(
        {"text": arrow.string(), "label": arrow.string(), "start": arrow.int32(), "end": arrow.int32()}
        | {"score": arrow.float64()}
    )
    columns = {"id": arrow.string(), "line": arrow.int64(), "spans": arrow.list_(span)}
    columns |= {"model_version": arrow.string(), "degraded": arrow.bool_()}
    sink = io.BytesIO()
    table = arrow.Table.from_pylist(list(rows), schema=arrow.schema(columns))
    arrow.parquet.write_table(table, sink, compression="zstd")
    return sink.getvalue()


def _pyarrow() -> Any:
    try:
        import pyarrow  # noqa: ICN001, PLC0415 - for those who send Parquet; it takes a while
        import pyarrow.parquet  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise ConfigurationError("Parquet needs pyarrow: install the extra 'eventing'.") from error
    return pyarrow


def _batches(source: "_RangedFile") -> "Iterator[Any]":
    arrow = _pyarrow()
    with _parquet_errors(arrow):
        file = arrow.parquet.ParquetFile(source, buffer_size=_BUFFER_BYTES, pre_buffer=False)
        schema = file.schema_arrow
        columns = [name for name in ("id", "text") if name in schema.names]
        is_text = "text" in columns and schema.field("text").type in (arrow.string(), arrow.large_string())
        if not is_text:
            raise ReferenceRefused(Refusal.UNREADABLE, "The Parquet file needs a column 'text' of strings; add it.")
        iterator: Iterator[Any] = file.iter_batches(_ROWS, columns=columns, use_threads=False)
        return iterator


def _next(batches: "Iterator[Any]") -> Any | None:
    with _parquet_errors(_pyarrow()):
        return next(batches, None)


def _lines(batch: Any) -> "Iterator[bytes]":
    arrow = _pyarrow()
    kind = arrow.large_binary() if batch.schema.field("text").type == arrow.large_string() else arrow.binary()
    texts = batch.column("text").cast(kind).to_pylist()  # strings are not checked by pyarrow, and break its to_pylist
    ids = batch.column("id").to_pylist() if "id" in batch.schema.names else [None] * len(texts)
    return (_line(one, text) for one, text in zip(ids, texts, strict=True))


def _line(row_id: object, text: bytes | None) -> bytes:
    try:
        row = {"id": row_id, "text": None if text is None else text.decode()}
    except UnicodeDecodeError:
        return _NOT_UTF8
    return orjson.dumps(row, default=str, option=orjson.OPT_APPEND_NEWLINE)


@contextmanager
def _parquet_errors(arrow: Any) -> "Iterator[None]":
    try:
        yield
    except (arrow.ArrowException, UnicodeDecodeError) as error:
        raise ReferenceRefused(
            Refusal.UNREADABLE, "The object begins like Parquet and cannot be read as it."
        ) from error


class _RangedFile(io.RawIOBase):
    """An object as a file that can be read anywhere, from a thread beside the store's event loop."""

    def __init__(self, uri: str, size_bytes: int, store: Readable, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__()
        self._uri, self._size_bytes, self._store, self._loop = uri, size_bytes, store, loop
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size_bytes}[whence]
        self._at = base + offset
        return self._at

    def tell(self) -> int:
        return self._at

    def read(self, size: int = -1) -> bytes:
        end = self._size_bytes if size < 0 else min(self._at + size, self._size_bytes)
        if end <= self._at:
            return b""
        content = asyncio.run_coroutine_threadsafe(self._range(self._at, end), self._loop).result()
        self._at += len(content)
        return content

    async def _range(self, start: int, end: int) -> bytes:
        return b"".join([piece async for piece in self._store.read(self._uri, start, end)])
