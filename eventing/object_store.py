"""Objects by URI: read in pieces, written once, listed. What keeps them is behind one protocol."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from eventing.file_store import FileStore
from eventing.object_info import ObjectInfo
from eventing.places import FILE, S3, Allowed, Place

__all__ = ["ObjectInfo", "ObjectStore", "StoreOptions", "open_store"]


class ObjectStore(Protocol):
    """Reads, writes and lists; every method fails in the same ways.

    Raises:
        Forbidden, InvalidRequest: the URI is not allowed or none; there is no such object.
        ConfigurationError: the store refuses our credentials.
        UpstreamUnreachable, UpstreamBroken: the store does not answer, is full, or broke off; later it may succeed.
    """

    async def size(self, uri: str) -> ObjectInfo:
        """What the store says of the object."""
        ...

    def read(self, uri: str, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        """The bytes from `start` up to `end`, in pieces of about a MiB."""
        ...

    async def put_once(self, uri: str, body: bytes) -> None:
        """Write the object whole. One that is there with the same content is what was asked for.

        Raises:
            Conflict: another content is there; it stays.
        """
        ...

    def list(self, prefix: str) -> AsyncIterator[ObjectInfo]:
        """The objects below a prefix that ends in a slash, by name."""
        ...


@dataclass(frozen=True, slots=True)
class StoreOptions:
    """Where objects may be, and our patience. Credentials for S3 come as every AWS client takes them."""

    readable: Sequence[str] = ()
    writable: Sequence[str] = ()
    s3_endpoint_url: str = ""
    timeout_seconds: float = 10.0
    """Of silence."""
    retry_seconds: float = 10.0
    """In which a call is tried again before it fails."""


def open_store(options: StoreOptions) -> ObjectStore:
    """The store that follows each URI, where one of the prefixes allows it. Connects when it is first used."""

    def s3() -> "_Keeper":
        from eventing.s3_store import S3Store  # noqa: PLC0415 - an installation without S3 needs no client of it

        return S3Store(options.s3_endpoint_url, options.timeout_seconds, options.retry_seconds)

    return _Routed(Allowed(options.readable, options.writable), {FILE: FileStore, S3: s3})


class _Keeper(Protocol):
    """A store of one scheme, which gets places that are allowed."""

    async def size(self, place: Place, uri: str) -> ObjectInfo: ...
    def read(self, place: Place, start: int, end: int | None) -> AsyncIterator[bytes]: ...
    async def put_once(self, place: Place, body: bytes) -> None: ...
    def list(self, place: Place, prefix: str) -> AsyncIterator[ObjectInfo]: ...


class _Routed:
    """Checks each URI, then asks the keeper of its scheme."""

    def __init__(self, allowed: Allowed, makers: Mapping[str, Callable[[], _Keeper]]) -> None:
        self._allowed = allowed
        self._makers = makers
        self._keepers: dict[str, _Keeper] = {}

    async def size(self, uri: str) -> ObjectInfo:
        place = self._allowed.to_read(uri)
        return await self._keeper(place).size(place, uri)

    async def read(self, uri: str, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        place = self._allowed.to_read(uri)
        async for piece in self._keeper(place).read(place, start, end):
            yield piece

    async def put_once(self, uri: str, body: bytes) -> None:
        place = self._allowed.to_write(uri)
        await self._keeper(place).put_once(place, body)

    async def list(self, prefix: str) -> AsyncIterator[ObjectInfo]:
        place = self._allowed.to_read(prefix)
        async for info in self._keeper(place).list(place, prefix):
            yield info

    def _keeper(self, place: Place) -> _Keeper:
        if place.scheme not in self._keepers:
            self._keepers[place.scheme] = self._makers[place.scheme]()
        return self._keepers[place.scheme]
