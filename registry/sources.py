"""Where a version's files may come from. Pure.

The registry's word for it is untrusted: whoever may write there could name any file or host.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from registry.store import Connection
from summit_inference.errors import ArtifactError

_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{2,62}", re.ASCII)
_SEGMENTS = re.compile(r"(?!.*(^|/)\.{1,2}(/|$))[A-Za-z0-9_.=@+-]+(/[A-Za-z0-9_.=@+-]+)*", re.ASCII)


class Place(StrEnum):
    DIRECTORY = "file"
    TRACKING_SERVER = "mlflow-artifacts"
    BUCKET = "s3"


@dataclass(frozen=True, slots=True)
class Source:
    """A place that files may be read from."""

    place: Place
    bucket: str
    """Empty unless the place is one."""
    path: str
    """Of a directory: absolute. Else: relative to the bucket or to the server's root. No slash at the end."""


def allowed_sources(connection: Connection) -> tuple[str, ...]:
    """The prefixes that are stated; else a server's own store and buckets, but never the files of its readers."""
    by_default = ("mlflow-artifacts:/", "s3://") if connection.is_served else ("/", "s3://")
    return connection.allowed_sources or by_default


def trusted_source(uri: str, allowed: Sequence[str]) -> Source:
    """The source that `uri` names, given that it starts with one of the allowed prefixes.

    Raises:
        ArtifactError: it starts with none, or has `..`, an escape, a host, a query or an odd character in it.
    """
    plain = uri.removeprefix("file://").rstrip("/")
    if not any(_is_below(plain, prefix.removeprefix("file://")) for prefix in allowed):
        raise ArtifactError(
            f"the registry names a source that is not allowed here; if you trust it, add its prefix to "
            f"REGISTRY_ALLOWED_SOURCES (now {', '.join(allowed)})"
        )
    scheme, _, rest = plain.rpartition(":")
    bucket, _, path = rest.removeprefix("//").partition("/") if scheme == Place.BUCKET else ("", "", rest[1:])
    if (
        scheme not in {"", *Place}
        or not _SEGMENTS.fullmatch(path)
        or (scheme == Place.BUCKET and not _BUCKET.fullmatch(bucket))
    ):
        raise ArtifactError("the registry names a source in a form that is never followed; publish the version again")
    return Source(Place(scheme or "file"), bucket, path if scheme else f"/{path}")


def _is_below(uri: str, prefix: str) -> bool:
    """Whether the URI is the prefix or continues it at a boundary: `s3://models` does not allow `s3://models-of-others`."""
    return uri.startswith(prefix) and (prefix.endswith("/") or uri[len(prefix) : len(prefix) + 1] in {"", "/"})
