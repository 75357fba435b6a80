"""Which files a served directory may hold: none that a loader would unpickle or run.

Unpickling runs code that the file brings along. So names are held against a list of what is allowed, and contents
against their names: a pickle called `model.safetensors` is still one. Standard library only, nothing is loaded.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from registry.digests import files_below
from summit_inference.errors import ArtifactError

_MAX_HEADER_BYTES = 100_000_000  # the safetensors format's own limit
_MAX_JSON_BYTES = 128 * 1024 * 1024
_HEADER_LENGTH_BYTES = 8

_FORBIDDEN_STARTS = {
    b"PK": "a zip archive, as torch.save writes",
    b"\x93NUMPY": "a numpy array, which may hold pickles",
    b"\x89HDF": "an HDF5 file",
    b"\x1f\x8b": "a gzip archive",
    b"BZh": "a bzip2 archive",
    b"\xfd7zXZ": "an xz archive",
    b"\x7fELF": "a program",
}
_PICKLE_PROTOCOLS = range(2, 6)


def check_safe(directory: Path) -> None:
    """Pass if every file below `directory` may be served.

    Raises:
        ArtifactError: names the first file that may not, why, and what to do; or see `files_below`.
    """
    for path, file in files_below(directory).items():
        reason = unsafe_reason(file)
        if reason is not None:
            raise ArtifactError(f"{path} in {directory} {reason}; remove it (weights are served from safetensors)")


def unsafe_reason(file: Path) -> str | None:
    """Why the file may not be served, as the end of a sentence that starts with its name; None if it may."""
    kind = _KINDS.get(file.suffix.lower()) or _NAMED.get(file.name)
    if kind is None:
        return "is of no kind that is served (safetensors, JSON, YAML, text, sentencepiece)"
    with file.open("rb") as content:
        start = content.read(8)
        content.seek(0)
        return _forbidden_start(start) or kind(content)


def _forbidden_start(start: bytes) -> str | None:
    if len(start) > 1 and start[0] == 0x80 and start[1] in _PICKLE_PROTOCOLS:  # noqa: PLR2004 - the opcode PROTO
        return "is a pickle"
    return next((f"is {what}" for magic, what in _FORBIDDEN_STARTS.items() if start.startswith(magic)), None)


def _not_safetensors(content: BinaryIO) -> str | None:
    """The format: eight bytes of length, little-endian, then a JSON object of that length, then the numbers."""
    length = int.from_bytes(content.read(_HEADER_LENGTH_BYTES), "little")
    header = content.read(length) if length <= _MAX_HEADER_BYTES else b""
    if not length or len(header) < length or not isinstance(_parsed(header), dict):
        return "is no safetensors file, whatever its name says"
    return None


def _not_json(content: BinaryIO) -> str | None:
    text = content.read(_MAX_JSON_BYTES + 1)
    if len(text) > _MAX_JSON_BYTES:
        return f"is larger than {_MAX_JSON_BYTES} bytes"
    return None if isinstance(_parsed(text), dict | list) else "is no JSON document, whatever its name says"


def _parsed(text: bytes) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _not_text(content: BinaryIO) -> str | None:
    try:
        is_text = b"\0" not in (text := content.read()) and text.decode() is not None
    except UnicodeDecodeError:
        is_text = False
    return None if is_text else "is no text in UTF-8, whatever its name says"


def _not_sentencepiece(content: BinaryIO) -> str | None:
    """A ModelProto begins with its first field, a piece: field 1, a length follows."""
    return None if content.read(1) == b"\x0a" else "is no sentencepiece model, whatever its name says"


_KINDS: dict[str, Callable[[BinaryIO], str | None]] = {
    ".safetensors": _not_safetensors,
    ".json": _not_json,
    ".txt": _not_text,
    ".md": _not_text,
    ".yaml": _not_text,
    ".yml": _not_text,
    ".model": _not_sentencepiece,
}
_NAMED: dict[str, Callable[[BinaryIO], str | None]] = dict.fromkeys(
    ("MLmodel", "LICENSE", "NOTICE", "README"), _not_text
)
