"""Which objects may be read and written: URIs, checked before anything is opened. Pure.

A URI comes from whoever may send an event, so it could name any file, bucket or host.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from summit_inference.errors import Forbidden, InvalidRequest

FILE, S3 = "file", "s3"

_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{2,62}", re.ASCII)
_PATH = re.compile(r"(?!(.*/)?\.{1,2}(/|$))[^\x00-\x1f\x7f?#%\\/]+(/[^\x00-\x1f\x7f?#%\\/]+)*/?")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a URI points to."""

    scheme: str
    bucket: str
    """Empty for a file."""
    path: str
    """Of a file: absolute. Of S3: the key."""


@dataclass(frozen=True, slots=True)
class Allowed:
    """Prefixes of URIs, such as `s3://bucket/folder` and `file:///var/lib/summit`."""

    readable: Sequence[str] = ()
    writable: Sequence[str] = ()
    """These may be read, too."""

    def to_read(self, uri: str) -> Place:
        """The place of an object that is read.

        Raises:
            Forbidden: no prefix allows it.
            InvalidRequest: it is no such URI, or one with `..`, an escape, a query or a control character.
        """
        return _allowed(uri, (*self.readable, *self.writable), "read")

    def to_write(self, uri: str) -> Place:
        """The place of an object that is written. Raises as `to_read`."""
        return _allowed(uri, self.writable, "written")


def place(uri: str) -> Place:
    """What a well-formed URI says.

    Raises:
        InvalidRequest: it is none.
    """
    scheme, separator, rest = uri.partition("://")
    bucket, slash, path = rest.partition("/")
    is_file = scheme == FILE and not bucket
    is_object = scheme == S3 and _BUCKET.fullmatch(bucket)
    if not (separator and slash and (is_file or is_object) and _PATH.fullmatch(path)):
        raise InvalidRequest(
            "A URI of an object is s3://bucket/key or file:///path, with no '..', '%', '?', '#', '\\' or empty part."
        )
    return Place(scheme, bucket, f"/{path}" if is_file else path)


def below(prefix: str, name: str) -> str:
    """The URI of what is called `name` under a prefix, whether or not that ends in a slash."""
    return f"{prefix.rstrip('/')}/{name}"


def _allowed(uri: str, prefixes: Sequence[str], done: str) -> Place:
    found = place(uri)
    if not any(_is_below(uri, prefix) for prefix in prefixes):
        raise Forbidden(
            f"Objects at this place are not {done} here; name an allowed one, or ask an operator to allow its prefix."
        )
    return found


def _is_below(uri: str, prefix: str) -> bool:
    """Whether the URI continues the prefix at a boundary: `s3://texts` does not allow `s3://texts-of-others`."""
    return uri.startswith(prefix) and (prefix.endswith("/") or uri[len(prefix) : len(prefix) + 1] in {"", "/"})
