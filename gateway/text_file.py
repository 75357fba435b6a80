"""A small file that others replace by renaming, read only when it has changed."""

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

_Value = TypeVar("_Value")


class TextFile(Generic[_Value]):
    """What `parse` makes of the file; `absent` while there is none."""

    def __init__(self, path: Path, parse: Callable[[bytes], _Value], absent: _Value) -> None:
        self._path = path
        self._parse = parse
        self._absent = absent
        self._seen: tuple[int, int, int] | None = None
        self._value = absent

    async def read(self) -> _Value:
        """The present value. On this event loop: a file of this kind has a few kilobytes, and is seldom read.

        Raises:
            OSError: it is there and cannot be read.
            ConfigurationError: `parse` refuses it.
        """
        try:
            found = self._path.stat()
        except FileNotFoundError:
            self._seen, self._value = None, self._absent
            return self._value
        # The inode too: a file that is renamed over this one within a tick of the clock may have its time and size.
        stamp = (found.st_mtime_ns, found.st_size, found.st_ino)
        if stamp != self._seen:
            self._value = self._parse(self._path.read_bytes())
            self._seen = stamp
        return self._value


def replace_file(path: Path, content: bytes) -> None:
    """Write the file so that a reader sees the old content or the new, and nothing between."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
