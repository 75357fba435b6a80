"""Lines of a stream of bytes, with their numbers and places. Pure; holds one line of the longest allowed, no more."""

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Line:
    """One line, without its line feed."""

    number: int
    start: int
    """Offset of its first byte in the stream."""
    end: int
    """Offset after its line feed."""
    content: bytes
    """Of a line that is too long: its first bytes, one more than are allowed."""

    @property
    def is_blank(self) -> bool:
        return not self.content or self.content.isspace()


class LineSplitter:
    """Feed it the pieces of a stream in order, then close it."""

    def __init__(self, max_bytes: int, *, first_number: int = 1, start: int = 0) -> None:
        self._kept_bytes = max_bytes + 1
        self._number = first_number
        self._line_start = start
        self._at = start
        self._head = b""

    def feed(self, piece: bytes) -> Iterator[Line]:
        """The lines that end in this piece."""
        begin = 0
        while (feed := piece.find(b"\n", begin)) >= 0:
            self._keep(piece, begin, feed)
            yield self._line(self._at + feed + 1)
            begin = feed + 1
        self._keep(piece, begin, len(piece))
        self._at += len(piece)

    def close(self) -> Iterator[Line]:
        """The last line, where the stream does not end in a line feed."""
        if self._at > self._line_start:
            yield self._line(self._at)

    def _keep(self, piece: bytes, begin: int, end: int) -> None:
        room = self._kept_bytes - len(self._head)
        self._head += piece[begin : min(end, begin + room)]

    def _line(self, end: int) -> Line:
        line = Line(self._number, self._line_start, end, self._head)
        self._number, self._line_start, self._head = self._number + 1, end, b""
        return line
