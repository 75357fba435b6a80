import hashlib
import io
import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from eventing.document import BadDocument
from eventing.ledger import ChunkResult
from eventing.object_store import ObjectStore, StoreOptions, open_store
from eventing.results import Answer, Manifest, attempt_place, write_chunk, write_manifest
from summit_inference.errors import Conflict
from summit_inference.events import FileFormat
from summit_inference.spans import Span

ROWS = [
    Answer("a", 1, [Span("Berlin", "LOC", 0, 6, 0.9)], "3"),
    Answer("b", 3, [], "3"),
]
ERRORS = [BadDocument(2, None, "not_utf8", "The line is not UTF-8; convert it.")]


@pytest.fixture
def store(tmp_path: Path) -> ObjectStore:
    return open_store(StoreOptions(writable=[f"file://{tmp_path}"]))


@pytest.fixture
def place(tmp_path: Path) -> str:
    return attempt_place(f"file://{tmp_path}/", "job", 2)


def stored(uri: str) -> bytes:
    return Path(uri.removeprefix("file://")).read_bytes()


def rows_of(uri: str) -> list[dict[str, Any]]:
    content = stored(uri)
    if uri.endswith(".parquet"):
        rows: list[dict[str, Any]] = pq.read_table(io.BytesIO(content)).to_pylist()
        return rows
    return [json.loads(line) for line in content.splitlines()]


async def written(store: ObjectStore, place: str, file_format: FileFormat = "jsonl", **changes: Any) -> ChunkResult:
    return await write_chunk(
        store, place, "c1", **{"rows": ROWS, "errors": ERRORS, "file_format": file_format, **changes}
    )


@pytest.mark.parametrize("file_format", ["jsonl", "parquet"])
async def test_a_row_has_id_line_spans_version_and_whether_it_is_degraded(
    store: ObjectStore, place: str, file_format: FileFormat
) -> None:
    result = await written(store, place, file_format)
    span = {"text": "Berlin", "label": "LOC", "start": 0, "end": 6, "score": 0.9}
    assert rows_of(result.uri) == [
        {"id": "a", "line": 1, "spans": [span], "model_version": "3", "degraded": False},
        {"id": "b", "line": 3, "spans": [], "model_version": "3", "degraded": False},
    ]


async def test_what_failed_is_in_the_error_object_with_line_and_reason(store: ObjectStore, place: str) -> None:
    result = await written(store, place)
    assert result.errors_uri is not None
    assert rows_of(result.errors_uri) == [
        {"line": 2, "id": None, "code": "not_utf8", "reason": "The line is not UTF-8; convert it."}
    ]
    assert (result.documents, result.failed) == (2, 1)


async def test_without_failures_there_is_no_error_object(store: ObjectStore, place: str, tmp_path: Path) -> None:
    result = await written(store, place, errors=[])
    assert result.errors_uri is None
    assert not (tmp_path / "job" / "2" / "errors").exists()


@pytest.mark.parametrize("file_format", ["jsonl", "parquet"])
async def test_digests_are_those_of_the_stored_bytes(store: ObjectStore, place: str, file_format: FileFormat) -> None:
    result = await written(store, place, file_format)
    assert result.sha256 == hashlib.sha256(stored(result.uri)).hexdigest()
    assert result.errors_uri is not None
    assert result.errors_sha256 == hashlib.sha256(stored(result.errors_uri)).hexdigest()


@pytest.mark.parametrize("file_format", ["jsonl", "parquet"])
async def test_the_same_chunk_done_twice_leaves_the_same_objects(
    store: ObjectStore, place: str, tmp_path: Path, file_format: FileFormat
) -> None:
    first = await written(store, place, file_format)
    assert await written(store, place, file_format) == first
    listed = [info.uri async for info in store.list(f"file://{tmp_path}/")]
    assert sorted(listed) == sorted([first.uri, str(first.errors_uri)])


async def test_everything_lies_below_the_attempt(store: ObjectStore, place: str, tmp_path: Path) -> None:
    result = await written(store, place)
    assert result.uri.startswith(f"file://{tmp_path}/job/2/results/c1-")
    assert str(result.errors_uri).startswith(f"file://{tmp_path}/job/2/errors/c1-")


def manifest(objects: list[ChunkResult]) -> Manifest:
    return Manifest("job", 2, "summit-extract", "3", "jsonl", 2, 1, objects)


async def test_the_manifest_names_every_object_with_digest_and_counts(
    store: ObjectStore, place: str, tmp_path: Path
) -> None:
    result = await written(store, place)
    told = await write_manifest(store, f"file://{tmp_path}", manifest([result]))
    content = stored(told.uri)
    assert told.sha256 == hashlib.sha256(content).hexdigest()
    assert json.loads(content) == {
        "job_id": "job",
        "attempt": 2,
        "model": "summit-extract",
        "model_version": "3",
        "format": "jsonl",
        "documents": 2,
        "failed": 1,
        "objects": [
            {
                "uri": result.uri,
                "sha256": result.sha256,
                "documents": 2,
                "failed": 1,
                "errors_uri": result.errors_uri,
                "errors_sha256": result.errors_sha256,
            }
        ],
    }


async def test_an_attempt_has_one_manifest(store: ObjectStore, place: str, tmp_path: Path) -> None:
    output = f"file://{tmp_path}"
    result = await written(store, place)
    assert await write_manifest(store, output, manifest([result])) == await write_manifest(
        store, output, manifest([result])
    )
    with pytest.raises(Conflict):
        await write_manifest(store, output, manifest([]))
