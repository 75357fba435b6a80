"""Objects as files of this machine. What is written is on the disk before it is said to be."""

import asyncio
import contextlib
import errno
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile

from eventing.object_info import ObjectInfo
from eventing.places import FILE, Place
from summit_inference.errors import (
    ConfigurationError,
    Conflict,
    Forbidden,
    InvalidRequest,
    UpstreamBroken,
    UpstreamUnreachable,
)

_PIECE_BYTES = 1024 * 1024
_PART_PREFIX = ".part-"


class FileStore:
    """Files that are reached without a symbolic link, so that an allowed folder does not lead out of itself."""

    async def size(self, place: Place, uri: str) -> ObjectInfo:
        return await asyncio.to_thread(_info, _path(place), uri)

    async def read(self, place: Place, start: int, end: int | None) -> AsyncIterator[bytes]:
        with _disk_errors():
            content = await asyncio.to_thread(_path(place).open, "rb")
            try:
                content.seek(start)
                left = _PIECE_BYTES if end is None else end - start
                while left and (piece := await asyncio.to_thread(content.read, min(left, _PIECE_BYTES))):
                    left -= 0 if end is None else len(piece)
                    yield piece
            finally:
                content.close()

    async def put_once(self, place: Place, body: bytes) -> None:
        await asyncio.to_thread(_put_once, _path(place), body)

    async def list(self, place: Place, prefix: str) -> AsyncIterator[ObjectInfo]:
        root = _path(place)
        for path in await asyncio.to_thread(_files, root):
            yield _info(path, f"{prefix}{path.relative_to(root)}")


def _path(place: Place) -> Path:
    path = Path(place.path)
    if os.path.realpath(path) != str(path):
        raise Forbidden("A file behind a symbolic link is not followed; name the place that it leads to.")
    return path


def _info(path: Path, uri: str) -> ObjectInfo:
    with _disk_errors():
        found = path.stat()
    return ObjectInfo(uri, found.st_size, f"{found.st_mtime_ns:x}-{found.st_size:x}")


def _files(root: Path) -> list[Path]:
    with _disk_errors():
        found = [path for path in root.rglob("*") if path.is_file() and not path.is_symlink()]
    return sorted(path for path in found if not path.name.startswith(_PART_PREFIX))


def _put_once(path: Path, body: bytes) -> None:
    with _disk_errors():
        path.parent.mkdir(parents=True, exist_ok=True)
        with NamedTemporaryFile(dir=path.parent, prefix=_PART_PREFIX) as part:
            part.write(body)
            part.flush()
            os.fsync(part.fileno())
            try:
                os.link(part.name, path)
            except FileExistsError:
                _compare(path, body)
        _sync(path.parent)


def _compare(path: Path, body: bytes) -> None:
    if path.read_bytes() != body:
        raise Conflict("An object is there with another content; objects are written once.") from None


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        with contextlib.suppress(OSError):  # file systems that cannot
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _disk_errors() -> Iterator[None]:
    try:
        yield
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError) as error:
        raise InvalidRequest(f"There is no such {FILE}; check the URI.") from error
    except PermissionError as error:
        raise ConfigurationError("This process may not use the file; give it the right to.") from error
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise UpstreamBroken("The disk that objects are written to is full; free some space.") from error
        raise UpstreamUnreachable("The disk that keeps the object failed; try again.") from error
