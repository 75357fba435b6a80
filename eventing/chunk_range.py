"""Which stretch of an object a chunk is, and how an object is cut into chunks. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass

from eventing.lines import Line


@dataclass(frozen=True, slots=True)
class Range:
    """Whole lines of an object, one after another."""

    uri: str
    """Of the object that holds the bytes."""
    source: str
    """Of the object that was asked for: another one where that cannot be read from the middle."""
    first_line: int
    """Of the source, from 1."""
    lines: int
    documents: int
    """Lines that are not blank."""
    start_byte: int
    end_byte: int
    sha256: str
    """Of these bytes: what is read later is what was scanned."""


class ChunkCutter:
    """Gathers lines until a chunk is full."""

    def __init__(self, max_documents: int, max_bytes: int) -> None:
        self._max_documents, self._max_bytes = max_documents, max_bytes
        self._lines: list[Line] = []
        self._documents = 0

    def add(self, line: Line) -> Iterator["Cut"]:
        """The chunk that this line no longer fits into, if any."""
        if self._lines and (self._is_full or line.end - self._lines[0].start > self._max_bytes):
            yield self._cut()
        self._lines.append(line)
        self._documents += not line.is_blank

    def close(self) -> Iterator["Cut"]:
        """The last chunk."""
        if self._lines:
            yield self._cut()

    @property
    def _is_full(self) -> bool:
        return self._documents >= self._max_documents

    def _cut(self) -> "Cut":
        cut = Cut(tuple(self._lines), self._documents)
        self._lines, self._documents = [], 0
        return cut


@dataclass(frozen=True, slots=True)
class Cut:
    """The lines of one chunk."""

    lines: tuple[Line, ...]
    documents: int

    def content(self) -> bytes:
        """Its lines as they are read later: of too long ones, as much as shows that they are."""
        return b"".join(line.content + b"\n" for line in self.lines)
