"""What `summit` reads: text files and JSON Lines, from paths or standard input. Pure but for the reading."""

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from summit_inference.errors import InvalidRequest


@dataclass(frozen=True, slots=True)
class Document:
    """One text, and how its answer is told apart from the others'."""

    id: str
    text: str


def documents(paths: Sequence[str]) -> Iterator[Document]:
    """The documents of these files, `-` being standard input.

    A file whose name ends in .jsonl holds an object a line, with `text` and perhaps `id`; so does standard input where
    its first character is `{`. Any other file is one text.

    Raises:
        InvalidRequest: a file cannot be read, is not UTF-8, or a line is no such object; the sentence says where.
    """
    for path in paths:
        content = _content(path)
        if path.endswith(".jsonl") or (path == "-" and content.lstrip().startswith("{")):
            yield from _lines(path, content)
        else:
            yield Document(path, content)


def _content(path: str) -> str:
    try:
        return (sys.stdin.buffer.read() if path == "-" else Path(path).read_bytes()).decode()
    except OSError as error:
        raise InvalidRequest(f"{path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise InvalidRequest(f"{path}: not UTF-8 at byte {error.start}; convert it first") from None


def _lines(path: str, content: str) -> Iterator[Document]:
    for number, line in enumerate(content.split("\n"), 1):
        if line.strip():
            yield _document(path, number, line)


def _document(path: str, number: int, line: str) -> Document:
    try:
        value = json.loads(line)
        text = value["text"]
    except (ValueError, KeyError, TypeError):
        raise InvalidRequest(f'{path}, line {number}: not an object like {{"id": "a", "text": "…"}}') from None
    if not isinstance(text, str):
        raise InvalidRequest(f"{path}, line {number}: 'text' is not a string")
    return Document(str(value.get("id", f"{path}:{number}")), text)


def batches(items: Sequence[Document], *, max_texts: int, max_characters: int) -> Iterator[list[Document]]:
    """The documents in requests of a fair size; one that is longer than that alone goes alone."""
    batch: list[Document] = []
    characters = 0
    for item in items:
        if batch and (len(batch) == max_texts or characters + len(item.text) > max_characters):
            yield batch
            batch, characters = [], 0
        batch.append(item)
        characters += len(item.text)
    if batch:
        yield batch
