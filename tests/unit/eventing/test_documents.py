import dataclasses
import gzip
import hashlib
import io
import tracemalloc
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventing.document import Fault, document_of
from eventing.documents import (
    BadDocument,
    Document,
    ObjectReference,
    Range,
    ReadLimits,
    ReferenceRefused,
    read,
    scan,
)
from eventing.lines import Line
from eventing.object_info import ObjectInfo
from eventing.object_store import ObjectStore, StoreOptions, open_store
from eventing.reference_refused import Refusal

LIMITS = ReadLimits(chunk_documents=3, max_document_bytes=200)
TEXTS = [f"Text {n} ä" for n in range(10)]


@pytest.fixture
def store(tmp_path: Path) -> ObjectStore:
    return open_store(StoreOptions(writable=[f"file://{tmp_path}"]))


class Case:
    """An object in a store, and its chunks."""

    def __init__(self, store: ObjectStore, folder: Path, limits: ReadLimits = LIMITS) -> None:
        self.store, self.limits = store, limits
        self.uri, self.staging = f"file://{folder}/object", f"file://{folder}/staging"

    async def put(self, body: bytes) -> "Case":
        await self.store.put_once(self.uri, body)
        return self

    async def ranges(self, after_line: int = 0, **claims: str | int) -> list[Range]:
        reference = ObjectReference(self.uri, **claims)  # type: ignore[arg-type]
        chunks = scan(reference, self.store, self.limits, staging=self.staging, after_line=after_line)
        return [each async for each in chunks]

    async def documents(self) -> list[Document | BadDocument]:
        return [each for one in await self.ranges() for each in await read(one, self.store, self.limits)]


@pytest.fixture
def case(store: ObjectStore, tmp_path: Path) -> Case:
    return Case(store, tmp_path)


def json_lines(texts: Sequence[str] = TEXTS) -> bytes:
    return b"".join(orjson.dumps({"id": f"d{n}", "text": text}) + b"\n" for n, text in enumerate(texts))


def parquet(texts: Sequence[str | None] = TEXTS, ids: Sequence[object] | None = None) -> bytes:
    sink = io.BytesIO()
    named = ids or [f"d{n}" for n in range(len(texts))]
    pq.write_table(pa.table({"extra": texts, "text": texts, "id": named}), sink, row_group_size=4)
    return sink.getvalue()


EXPECTED = [Document(n + 1, f"d{n}", text) for n, text in enumerate(TEXTS)]


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(json_lines(), id="JSON Lines"),
        pytest.param(json_lines().removesuffix(b"\n"), id="no line feed at the end"),
        pytest.param(b"\xef\xbb\xbf" + json_lines().replace(b"\n", b"\r\n"), id="as Windows writes it"),
        pytest.param(gzip.compress(json_lines()), id="gzip"),
        pytest.param(gzip.compress(json_lines()[:100]) + gzip.compress(json_lines()[100:]), id="gzip in two members"),
        pytest.param(parquet(), id="Parquet"),
    ],
)
async def test_every_document_is_found_once_and_in_order(case: Case, body: bytes) -> None:
    await case.put(body)
    assert await case.documents() == EXPECTED
    assert [each.documents for each in await case.ranges()] == [3, 3, 3, 1]


async def test_an_empty_object_has_no_chunks(case: Case) -> None:
    assert await (await case.put(b"")).ranges() == []


async def test_a_chunk_ends_before_its_bytes_are_too_many(store: ObjectStore, tmp_path: Path) -> None:
    body = json_lines()
    case = await Case(store, tmp_path, ReadLimits(chunk_bytes=100)).put(body)
    ranges = await case.ranges()
    assert all(each.end_byte - each.start_byte <= 100 for each in ranges)
    assert ranges[0].start_byte == 0
    assert ranges[-1].end_byte == len(body)
    assert await case.documents() == EXPECTED


@pytest.mark.parametrize("body", [json_lines(), gzip.compress(json_lines())], ids=["plain", "gzip"])
async def test_a_scan_goes_on_after_the_last_chunk_that_is_known(case: Case, body: bytes) -> None:
    whole = await (await case.put(body)).ranges()
    known = whole[1].first_line + whole[1].lines - 1
    assert await case.ranges(after_line=known) == whole[2:]


async def test_blank_lines_are_counted_and_are_no_documents(case: Case) -> None:
    await case.put(b'\n{"text": "a"}\n  \r\n{"text": "b"}\n\n')
    assert await case.documents() == [Document(2, "2", "a"), Document(4, "4", "b")]
    assert sum(each.documents for each in await case.ranges()) == 2


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
async def test_bad_documents_are_told_by_line_and_reason_and_harm_no_others(
    case: Case, pack: Callable[[bytes], bytes]
) -> None:
    lines = [
        b'{"text": "good"}',
        b'{"text": "' + b"x" * 500 + b'"}',
        b'{"text": "\xff"}',
        b'{"text": ',
        b'["text"]',
        b'{"id": "five"}',
        b'{"id": 6, "text": null}',
        b'{"id": [], "text": "x"}',
        b'{"id": "last", "text": "good"}',
    ]
    await case.put(pack(b"\n".join(lines)))
    found = await case.documents()
    assert [(d.line, d.id, d.code) for d in found if isinstance(d, BadDocument)] == [
        (2, None, Fault.TOO_LONG),
        (3, None, Fault.NOT_UTF8),
        (4, None, Fault.NOT_JSON),
        (5, None, Fault.NOT_JSON),
        (6, "five", Fault.NO_TEXT),
        (7, "6", Fault.NO_TEXT),
        (8, None, Fault.BAD_ID),
    ]
    assert [d for d in found if isinstance(d, Document)] == [Document(1, "1", "good"), Document(9, "last", "good")]


async def test_in_parquet_a_row_without_text_or_with_broken_text_fails_alone(case: Case) -> None:
    sink = io.BytesIO()
    broken = pa.array([b"good", b"\xff", None], pa.binary()).view(pa.string())
    pq.write_table(pa.table({"text": broken}), sink)
    await case.put(sink.getvalue())
    assert [d.code if isinstance(d, BadDocument) else d.text for d in await case.documents()] == [
        "good",
        Fault.NOT_UTF8,
        Fault.NO_TEXT,
    ]


async def test_in_parquet_ids_may_be_numbers(case: Case) -> None:
    await case.put(parquet(["a", "b"], [7, 8]))
    assert await case.documents() == [Document(1, "7", "a"), Document(2, "8", "b")]


@pytest.mark.parametrize(
    ("body", "claims", "code"),
    [
        pytest.param(json_lines(), {"size_bytes": 3}, Refusal.SIZE_MISMATCH, id="another size"),
        pytest.param(json_lines(), {"sha256": "0" * 64}, Refusal.DIGEST_MISMATCH, id="another digest"),
        pytest.param(gzip.compress(json_lines()), {"sha256": "0" * 64}, Refusal.DIGEST_MISMATCH, id="gzip's digest"),
        pytest.param(parquet(), {"sha256": "0" * 64}, Refusal.DIGEST_MISMATCH, id="Parquet's digest"),
        pytest.param(gzip.compress(json_lines())[:-9], {}, Refusal.UNREADABLE, id="gzip that is cut off"),
        pytest.param(b"\x1f\x8bno gzip", {}, Refusal.UNREADABLE, id="no gzip"),
        pytest.param(parquet()[:-9], {}, Refusal.UNREADABLE, id="Parquet that is cut off"),
        pytest.param(parquet([None, None]), {}, Refusal.UNREADABLE, id="Parquet without texts"),
    ],
)
async def test_an_object_that_is_not_what_was_said_ends_the_scan(
    case: Case, body: bytes, claims: dict[str, Any], code: Refusal
) -> None:
    await case.put(body)
    with pytest.raises(ReferenceRefused) as refused:
        await case.ranges(**claims)
    assert refused.value.code == code


async def test_the_right_size_and_digest_are_accepted(case: Case) -> None:
    body = json_lines()
    await case.put(body)
    assert len(await case.ranges(size_bytes=len(body), sha256=hashlib.sha256(body).hexdigest())) == 4


@pytest.mark.parametrize(
    ("limits", "body"),
    [
        pytest.param(ReadLimits(max_object_bytes=99), json_lines(), id="as stored"),
        pytest.param(ReadLimits(max_unpacked_bytes=99), gzip.compress(json_lines()), id="unpacked gzip"),
        pytest.param(ReadLimits(max_unpacked_bytes=99), parquet(), id="unpacked Parquet"),
    ],
)
async def test_an_object_over_a_limit_is_refused(
    store: ObjectStore, tmp_path: Path, limits: ReadLimits, body: bytes
) -> None:
    case = await Case(store, tmp_path, limits).put(body)
    with pytest.raises(ReferenceRefused) as refused:
        await case.ranges()
    assert refused.value.code == Refusal.TOO_LARGE


async def test_an_object_that_changes_after_the_scan_is_not_read(case: Case, tmp_path: Path) -> None:
    (first, *_) = await (await case.put(json_lines())).ranges()
    (tmp_path / "object").write_bytes(json_lines().replace(b"Text 1", b"Text 7"))
    with pytest.raises(ReferenceRefused) as refused:
        await read(first, case.store, case.limits)
    assert refused.value.code == Refusal.CHANGED


@given(st.text(max_size=50), st.none() | st.integers(0, 2**63) | st.text(max_size=10))
def test_what_is_written_as_json_is_read_as_it_was(text: str, document_id: int | str | None) -> None:
    try:
        content = orjson.dumps({"id": document_id, "text": text})
    except orjson.JSONEncodeError:  # a lone surrogate has no bytes
        return
    expected = "1" if document_id is None else str(document_id)
    assert document_of(Line(1, 0, len(content), content), 10_000) == Document(1, expected, text)


class GeneratedObject:
    """A store of one object that is made while it is read."""

    def __init__(self, piece: bytes, pieces: int) -> None:
        self._piece, self._pieces = piece, pieces
        self.written_bytes = 0

    async def size(self, uri: str) -> ObjectInfo:
        return ObjectInfo(uri, len(self._piece) * self._pieces, "")

    async def read(self, _uri: str, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        if end is not None:
            yield self._piece[start:end]
            return
        for _ in range(self._pieces):
            yield self._piece

    async def put_once(self, _uri: str, body: bytes) -> None:
        self.written_bytes += len(body)

    async def list(self, prefix: str) -> AsyncIterator[ObjectInfo]:
        yield await self.size(prefix)


PIECE = orjson.dumps({"id": "a", "text": "x" * 64_000}) + b"\n"


@pytest.mark.parametrize(
    ("piece", "pieces", "plain_bytes"),
    [
        pytest.param(PIECE * 16, 300, 300 * len(PIECE) * 16, id="300 MB of JSON Lines"),
        pytest.param(gzip.compress(PIECE * 1_600, 1), 3, 3 * len(PIECE) * 1_600, id="300 MB in gzip"),
        pytest.param(b"x" * 1_000_000, 300, 0, id="one line of 300 MB"),
    ],
)
async def test_memory_stays_flat_whatever_the_size(piece: bytes, pieces: int, plain_bytes: int) -> None:
    store = GeneratedObject(piece, pieces)
    tracemalloc.start()
    try:
        chunks = [each async for each in scan(ObjectReference("s3://b/a"), store, ReadLimits(), staging="s3://b/s")]
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak_bytes < 32_000_000
    assert sum(each.documents for each in chunks) * len(PIECE) == plain_bytes or len(chunks) == 1


async def test_a_range_is_a_plain_value_that_a_ledger_can_keep(case: Case) -> None:
    (first, *_) = await (await case.put(json_lines())).ranges()
    assert Range(**orjson.loads(orjson.dumps(dataclasses.asdict(first)))) == first
