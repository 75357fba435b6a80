import io
import json
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.documents import Document, batches, documents
from summit_inference.errors import InvalidRequest


def test_a_text_file_is_one_document(tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_text("Ada\nin Bonn", "utf-8")
    assert list(documents([str(file)])) == [Document(str(file), "Ada\nin Bonn")]


def test_json_lines_are_a_document_a_line(tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    file.write_text('{"id": 7, "text": "Ada"}\n\n{"text": "a\u2028b"}\n', "utf-8")
    assert list(documents([str(file)])) == [Document("7", "Ada"), Document(f"{file}:3", "a\u2028b")]


@pytest.mark.parametrize(
    ("content", "expected"),
    [('{"text": "Ada"}', Document("-:1", "Ada")), ("Ada in Bonn", Document("-", "Ada in Bonn"))],
    ids=["json lines", "text"],
)
def test_standard_input_is_told_by_its_first_character(
    monkeypatch: pytest.MonkeyPatch, content: str, expected: Document
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content.encode())))
    assert list(documents(["-"])) == [expected]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b'{"text": "a"}\nnonsense', "line 2"),
        (b'{"text": 5}', "line 1: 'text' is not a string"),
        (b'["text"]', "line 1"),
        (b'{"text": "\xff"}', "not UTF-8 at byte 10"),
    ],
)
def test_what_can_not_be_read_is_said_with_its_place(tmp_path: Path, content: bytes, sentence: str) -> None:
    file = tmp_path / "a.jsonl"
    file.write_bytes(content)
    with pytest.raises(InvalidRequest, match=sentence):
        list(documents([str(file)]))


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(InvalidRequest, match="No such file"):
        list(documents([str(tmp_path / "none.txt")]))


@given(st.lists(st.integers(0, 50)), st.integers(1, 5), st.integers(1, 80))
def test_batches_keep_every_document_in_order_and_no_limit_is_passed_by_two(
    lengths: list[int], max_texts: int, max_characters: int
) -> None:
    items = [Document(json.dumps(at), "x" * length) for at, length in enumerate(lengths)]
    made = list(batches(items, max_texts=max_texts, max_characters=max_characters))
    assert [item for batch in made for item in batch] == items
    for batch in made:
        assert 1 <= len(batch) <= max_texts
        assert len(batch) == 1 or sum(len(item.text) for item in batch) <= max_characters
