"""The golden texts: what a candidate must read well before any caller's text is shown to it.

Written for this purpose, so nobody has trained on them, and they are nobody's private words. `golden.txt` holds slices
(`# name`) of a sentence a line; an entity is `[text](LABEL)`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

_ENTITY = re.compile(r"\[([^\]]+)\]\(([A-Z]+)\)")


@dataclass(frozen=True, slots=True)
class GoldenText:
    """One sentence, and all that is in it."""

    slice_name: str
    text: str
    entities: frozenset[tuple[int, int, str]]
    """Start and end in code points, and the label."""


@cache
def golden_texts() -> tuple[GoldenText, ...]:
    """All of them, slice by slice."""
    return tuple(read(files("rollout").joinpath("golden.txt").read_text("utf-8")))


def read(content: str) -> Iterator[GoldenText]:
    """The texts of a file in this form."""
    slice_name = ""
    for line in filter(None, content.splitlines()):
        if line.startswith("# "):
            slice_name = line.removeprefix("# ")
        else:
            yield _text(slice_name, line)


def _text(slice_name: str, line: str) -> GoldenText:
    """The sentence without its marks, and where they stood."""
    text, entities, at = "", set(), 0
    for match in _ENTITY.finditer(line):
        text += line[at : match.start()]
        entities.add((len(text), len(text) + len(match[1]), match[2]))
        text += match[1]
        at = match.end()
    return GoldenText(slice_name, text + line[at:], frozenset(entities))
