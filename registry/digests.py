"""What a directory holds, as sha256 digests: one a file, and one of the whole.

Serving processes, the storage initializer and the publisher all come here, so that the three agree.
"""

import hashlib
import os
import re
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from summit_inference.errors import ArtifactError

GIBIBYTE = 1024**3
MAX_FILES = 256
"""A sharded model has some dozens; the registry keeps the digests of all in one tag, which MySQL ends at 64 KiB."""

_PATH = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)*", re.ASCII)
_SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)
_HASH_THREADS = 4


def is_sha256(text: str) -> bool:
    return _SHA256.fullmatch(text) is not None


def is_plain_path(path: str) -> bool:
    """Whether the path stays below its root, hides nothing, and reads the same in a URL, a shell and a digest line."""
    return len(path) <= 255 and _PATH.fullmatch(path) is not None  # noqa: PLR2004 - the longest name that file systems take


def files_below(directory: Path) -> dict[str, Path]:
    """Every file below `directory`, by its path relative to it with forward slashes, sorted.

    Raises:
        ArtifactError: no such directory, a link, anything that is no plain file, an odd name, or too many files.
    """
    if not directory.is_dir():
        raise ArtifactError(f"{directory} is no directory; name the directory of one model version")
    found = {entry.relative_to(directory).as_posix(): entry for entry in _entries(directory)}
    for path, entry in found.items():
        if entry.is_symlink() or not entry.is_file():
            raise ArtifactError(f"{path} in {directory} is a link or no plain file; put the file itself there")
        if not is_plain_path(path):
            raise ArtifactError(f"{path!r} in {directory} has a name with odd characters; rename or remove it")
    if len(found) > MAX_FILES:
        raise ArtifactError(
            f"{directory} holds {len(found)} files, more than {MAX_FILES}; remove what is not of the model"
        )
    return dict(sorted(found.items()))


def _entries(directory: Path) -> Iterable[Path]:
    """Files, and links to anything: a linked directory is an entry of its own, not walked into."""
    for root, folders, names in os.walk(directory, onerror=_refuse_unreadable):
        links = [name for name in folders if Path(root, name).is_symlink()]
        yield from (Path(root, name) for name in (*names, *links))


def _refuse_unreadable(error: OSError) -> None:
    raise ArtifactError(f"{error.filename} cannot be read; give this process the right to read it") from error


def file_digests(directory: Path, *, limit_bytes: int = 64 * GIBIBYTE) -> dict[str, str]:
    """The sha256 of every file below `directory`, by relative path.

    Raises:
        ArtifactError: see `files_below`; or the files together are larger than `limit_bytes`.
    """
    files = files_below(directory)
    size_bytes = sum(file.stat().st_size for file in files.values())
    if size_bytes > limit_bytes:
        raise ArtifactError(f"{directory} holds {size_bytes} bytes, more than the limit of {limit_bytes}")
    with ThreadPoolExecutor(_HASH_THREADS) as threads:  # hashlib works outside the interpreter's lock
        return dict(zip(files, threads.map(file_digest, files.values()), strict=True))


def file_digest(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def whole_digest(files: Mapping[str, str]) -> str:
    """One sha256 for a set of files: that of the lines `<path> <sha256>`, sorted by path."""
    lines = "".join(f"{path} {sha256}\n" for path, sha256 in sorted(files.items()))
    return hashlib.sha256(lines.encode()).hexdigest()
