"""Objects in S3, and in what speaks like it."""

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import obstore
from obstore import exceptions
from obstore import store as clients

from eventing.object_info import ObjectInfo
from eventing.places import Place
from summit_inference.errors import ConfigurationError, Conflict, InvalidRequest, UpstreamBroken, UpstreamUnreachable

_PIECE_BYTES = 1024 * 1024
_RETRIES = 10
"""So many that patience ends them: five are over in a second, in which S3 may still have another writer's object."""
_WHOLE_OBJECT = timedelta(hours=1)
"""To read one to its end: what is silent is noticed sooner."""


class S3Store:
    """One client a bucket; credentials from the environment, a web identity or the machine's role."""

    def __init__(self, endpoint_url: str, timeout_seconds: float, retry_seconds: float) -> None:
        self._endpoint_url = endpoint_url
        self._timeout = timedelta(seconds=timeout_seconds)
        self._patience = timedelta(seconds=retry_seconds)
        self._clients: dict[str, clients.S3Store] = {}

    async def size(self, place: Place, uri: str) -> ObjectInfo:
        with _s3_errors():
            found = await obstore.head_async(self._client(place), place.path)
        return _info(found, uri)

    async def read(self, place: Place, start: int, end: int | None) -> AsyncIterator[bytes]:
        if start == end:
            return
        options: Any = {}
        if start or end is not None:  # an empty object has no range
            options = {"range": {"offset": start} if end is None else (start, end)}
        with _s3_errors():
            answer = await obstore.get_async(self._client(place), place.path, options=options)
            async for piece in answer.stream(_PIECE_BYTES):
                yield bytes(piece)

    async def put_once(self, place: Place, body: bytes) -> None:
        client = self._client(place)
        with _s3_errors():
            try:
                await obstore.put_async(client, place.path, body, mode="create", use_multipart=False)
            except exceptions.AlreadyExistsError:
                there = await obstore.get_async(client, place.path)
                if there.meta["size"] != len(body) or bytes(await there.bytes_async()) != body:
                    raise Conflict("An object is there with another content; objects are written once.") from None

    async def list(self, place: Place, prefix: str) -> AsyncIterator[ObjectInfo]:
        with _s3_errors():
            async for batch in obstore.list(self._client(place), place.path):
                for found in sorted(batch, key=lambda each: each["path"]):
                    yield _info(found, prefix.removesuffix(place.path) + found["path"])

    def _client(self, place: Place) -> clients.S3Store:
        if place.bucket not in self._clients:
            config: Any = {"aws_endpoint_url_s3": self._endpoint_url} if self._endpoint_url else {}
            self._clients[place.bucket] = clients.S3Store(
                place.bucket,
                config=config,
                client_options={
                    "allow_http": self._endpoint_url.startswith("http://"),
                    "connect_timeout": self._timeout,
                    "read_timeout": self._timeout,
                    "timeout": _WHOLE_OBJECT,
                },
                retry_config={"max_retries": _RETRIES, "retry_timeout": self._patience},
            )
        return self._clients[place.bucket]


def _info(found: Any, uri: str) -> ObjectInfo:
    return ObjectInfo(uri, int(found["size"]), str(found["e_tag"]))


@contextmanager
def _s3_errors() -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise InvalidRequest("There is no such object in S3; check the URI.") from error
    except (exceptions.PermissionDeniedError, exceptions.UnauthenticatedError) as error:
        raise ConfigurationError("S3 refused the credentials; check the role or the AWS_… variables.") from error
    except (exceptions.InvalidPathError, exceptions.NotSupportedError) as error:
        raise UpstreamBroken("S3 cannot do what is asked of it; use a store with conditional writes.") from error
    except exceptions.BaseError as error:
        raise UpstreamUnreachable("S3 does not answer, or broke off; try again.") from error
