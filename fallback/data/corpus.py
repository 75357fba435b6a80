"""Corpora: sentences `{"tokens": […], "tags": […]}` with IOB2 tags, for `fit` and `judge`; not part of the service."""

import json
from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

Mention = tuple[int, int, str]
"""First token, token after the last, label."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """`starts[i]` is where token i stands in `text`, the tokens joined by single spaces."""

    text: str
    starts: list[int]
    tags: list[str]

    @classmethod
    def of(cls, tokens: list[str], tags: list[str]) -> "Sentence":
        starts = list(accumulate((len(token) + 1 for token in tokens), initial=0))
        return cls(" ".join(tokens), starts[:-1], tags)

    def mentions(self) -> list[Mention]:
        begins = [index for index, tag in enumerate(self.tags) if tag.startswith("B-")]
        return [(at, self._end(at), self.tags[at][2:]) for at in begins]

    def _end(self, start: int) -> int:
        end = start + 1
        while end < len(self.tags) and self.tags[end].startswith("I-"):
            end += 1
        return end

    def tokens_under(self, start: int, end: int) -> tuple[int, int]:
        """The tokens that the code points from `start` to `end` touch."""
        return bisect_right(self.starts, start) - 1, bisect_left(self.starts, end)

    def tags_of(self, mentions: Iterable[Mention]) -> list[str]:
        tags = ["O"] * len(self.tags)
        for start, end, label in mentions:
            tags[start:end] = [f"B-{label}", *[f"I-{label}"] * (end - start - 1)]
        return tags


def sentences(path: Path) -> list[Sentence]:
    rows = map(json.loads, path.read_text("utf-8").splitlines())
    return [Sentence.of(row["tokens"], row["tags"]) for row in rows]


def split(rows: list[Sentence], kept_percent: int = 85) -> tuple[list[Sentence], list[Sentence]]:
    """(the first part, the rest): the fixed division of a corpus that has no development file."""
    at = len(rows) * kept_percent // 100
    return rows[:at], rows[at:]
