import gzip
import hashlib
from pathlib import Path

import pytest

from cli.job_input import JobInput, from_file, from_uri
from summit_inference.errors import InvalidRequest, TooLarge
from summit_inference.events import InlineDocument, Reference


def submitted(path: Path, *, is_near: bool = True) -> JobInput:
    return from_file(path, path.parent / "home" / "jobs", is_near=is_near)


def test_a_small_file_travels_in_the_event(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"id": "a", "text": "One"}\n\n{"id": 7, "text": "Two"}\n{"text": "Three"}\n')
    assert submitted(path, is_near=False).documents == [
        InlineDocument(id="a", text="One"),
        InlineDocument(id="7", text="Two"),
        InlineDocument(text="Three"),
    ]


def test_a_text_file_is_one_document(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("One\nTwo\n")
    assert submitted(path).documents == [InlineDocument(id="a.txt", text="One\nTwo\n")]


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b'{"text": "x"}\n' * 30_000, id="large"),
        pytest.param(b'{"text": "good"}\n{"text": 7}\n', id="a text that is none"),
        pytest.param(b'{"text": "good"}\n["text"]\n', id="a line that is no object"),
        pytest.param(b'{"text": "good"}\n{"text"\n', id="a line that is no JSON"),
        pytest.param(b'{"text": "\xff"}\n', id="not UTF-8"),
        pytest.param(gzip.compress(b'{"text": "good"}\n'), id="gzip"),
        pytest.param(b"\n", id="no document"),
    ],
)
def test_all_else_is_kept_and_referred_to_by_size_and_digest(tmp_path: Path, body: bytes) -> None:
    path = tmp_path / "a b.jsonl"
    path.write_bytes(body)
    reference = submitted(path).reference
    assert reference is not None
    kept = Path(reference.uri.removeprefix("file://"))
    assert kept.parent == tmp_path / "home" / "jobs"
    assert kept.read_bytes() == body
    assert reference == Reference(uri=f"file://{kept}", size_bytes=len(body), sha256=hashlib.sha256(body).hexdigest())
    assert [each.name for each in kept.parent.iterdir()] == [kept.name]


def test_the_same_file_is_kept_once(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"broken\n")
    assert submitted(path) == submitted(path)
    assert len(list((tmp_path / "home" / "jobs").iterdir())) == 1


def test_a_large_file_does_not_travel_to_a_service_elsewhere(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b'{"text": "x"}\n' * 30_000)
    with pytest.raises(TooLarge, match="s3://"):
        submitted(path, is_near=False)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidRequest, match=r"none\.jsonl"):
        submitted(tmp_path / "none.jsonl")


def test_size_and_digest_that_are_given_are_taken_as_they_are() -> None:
    sha256 = "0" * 64
    given = from_uri("s3://texts/a.jsonl", size_bytes=3, sha256=sha256, s3_endpoint_url="")
    assert given.reference == Reference(uri="s3://texts/a.jsonl", size_bytes=3, sha256=sha256)


def test_a_prefix_has_neither_size_nor_digest() -> None:
    given = from_uri("s3://texts/all/", size_bytes=None, sha256=None, s3_endpoint_url="")
    assert given.reference == Reference(uri="s3://texts/all/")


def test_size_and_digest_of_an_object_are_found_by_reading_it(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b'{"text": "x"}\n')
    given = from_uri(f"file://{path}", size_bytes=None, sha256=None, s3_endpoint_url="")
    assert given.reference is not None
    assert given.reference.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert given.reference.size_bytes == path.stat().st_size


@pytest.mark.parametrize(
    "uri", ["ftp://host/a", "file:///none/there.jsonl"], ids=["another scheme", "an object that is not there"]
)
def test_an_address_that_cannot_be_read_is_refused(uri: str) -> None:
    with pytest.raises(InvalidRequest):
        from_uri(uri, size_bytes=None, sha256=None, s3_endpoint_url="")
