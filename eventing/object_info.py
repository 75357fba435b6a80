"""What a store says of an object."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ObjectInfo:
    """An object, without its content."""

    uri: str
    size_bytes: int
    etag: str
    """Another one where the content is another."""
