"""One line of a job's object: a document, or why it is none. Pure."""

import codecs
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import orjson

from eventing.lines import Line

_MAX_ID_CHARACTERS = 512


class Fault(StrEnum):
    """Why a line holds no document. Stable: it stands in error files."""

    TOO_LONG = "too_long"
    NOT_UTF8 = "not_utf8"
    NOT_JSON = "not_json"
    NO_TEXT = "no_text"
    BAD_ID = "bad_id"


_SENTENCES = {
    Fault.TOO_LONG: "The line is longer than documents may be here; cut the text into several documents.",
    Fault.NOT_UTF8: "The line is not UTF-8; convert it.",
    Fault.NOT_JSON: 'The line is no JSON object like {"id": "a", "text": "…"}.',
    Fault.NO_TEXT: "'text' is missing, or no string.",
    Fault.BAD_ID: f"'id' is neither a number nor a string of up to {_MAX_ID_CHARACTERS} characters.",
}


@dataclass(frozen=True, slots=True)
class Document:
    """A text, and how its answer is told apart from the others'."""

    line: int
    """In its object, from 1."""
    id: str
    text: str


@dataclass(frozen=True, slots=True)
class BadDocument:
    """A document that gets no answer. It fails alone; the job goes on."""

    line: int
    id: str | None
    code: str
    """A `Fault`, or what the model refused it with."""
    reason: str
    """A sentence."""


def document_of(line: Line, max_bytes: int) -> Document | BadDocument:
    """What the line holds. A document without an `id` is called by its line."""
    if len(line.content) > max_bytes:
        return _bad(line, Fault.TOO_LONG)
    content = line.content.removeprefix(codecs.BOM_UTF8) if line.number == 1 else line.content
    try:
        value = orjson.loads(content.decode())
    except UnicodeDecodeError:
        return _bad(line, Fault.NOT_UTF8)
    except orjson.JSONDecodeError:
        value = None
    return _named(line, value) if isinstance(value, dict) else _bad(line, Fault.NOT_JSON)


def short_enough(document: Document | BadDocument, max_characters: int) -> Document | BadDocument:
    """The document, or, if its text has more code points, what is wrong with it."""
    if isinstance(document, BadDocument) or len(document.text) <= max_characters:
        return document
    reason = f"The text has more than {max_characters} characters; cut it into several documents."
    return BadDocument(document.line, document.id, Fault.TOO_LONG, reason)


def _named(line: Line, value: dict[str, Any]) -> Document | BadDocument:
    document_id, text = value.get("id"), value.get("text")
    if document_id is None:
        document_id = line.number
    if not _is_id(document_id):
        return _bad(line, Fault.BAD_ID)
    if not isinstance(text, str):
        return _bad(line, Fault.NO_TEXT, str(document_id))
    return Document(line.number, str(document_id), text)


def _is_id(value: object) -> bool:
    if isinstance(value, str):
        return len(value) <= _MAX_ID_CHARACTERS
    return isinstance(value, int) and not isinstance(value, bool)


def _bad(line: Line, fault: Fault, document_id: str | None = None) -> BadDocument:
    return BadDocument(line.number, document_id, fault, _SENTENCES[fault])
