"""The type of the base encoder that the fixtures make."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class TinyBase:
    """A base encoder's directory, and the digest of its weights."""

    directory: Path
    sha256: str
