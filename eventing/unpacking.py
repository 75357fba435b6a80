"""Gzip, unpacked while it streams: in small pieces, and never more than is allowed."""

import zlib
from collections.abc import AsyncIterator, Iterator

from eventing.reference_refused import ReferenceRefused, Refusal

GZIP_MAGIC = b"\x1f\x8b"
_PIECE_BYTES = 1024 * 1024
_GZIP = 31


class Unpacker:
    """One stream of gzip members. A few bytes can mean gigabytes, so each step gives at most a MiB."""

    def __init__(self, max_bytes: int) -> None:
        self._left_bytes = max_bytes
        self._max_bytes = max_bytes
        self._member = zlib.decompressobj(_GZIP)

    def feed(self, packed: bytes) -> Iterator[bytes]:
        """What the bytes mean.

        Raises:
            ReferenceRefused: it is more than `max_bytes` with what came before, or no gzip.
        """
        while packed:
            if self._member.eof:
                self._member = zlib.decompressobj(_GZIP)
            try:
                piece = self._member.decompress(packed, _PIECE_BYTES)
            except zlib.error as error:
                raise _broken() from error
            self._spend(len(piece))
            yield piece
            packed = self._member.unused_data if self._member.eof else self._member.unconsumed_tail

    def close(self) -> None:
        """Refuse a stream that stopped in the middle."""
        if not self._member.eof:
            raise _broken()

    def _spend(self, size_bytes: int) -> None:
        self._left_bytes -= size_bytes
        if self._left_bytes < 0:
            raise ReferenceRefused(
                Refusal.TOO_LARGE, f"The object unpacks to more than {self._max_bytes} bytes; split it."
            )


async def unpacked(pieces: AsyncIterator[bytes], max_bytes: int) -> AsyncIterator[bytes]:
    """The content of a gzip stream. Raises as `Unpacker`."""
    unpacker = Unpacker(max_bytes)
    async for packed in pieces:
        for piece in unpacker.feed(packed):
            yield piece
    unpacker.close()


def _broken() -> ReferenceRefused:
    return ReferenceRefused(
        Refusal.UNREADABLE, "The object begins like gzip and is none, or is cut off; send it again."
    )
