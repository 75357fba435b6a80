"""Redis as the place of flags and routes. The only file that imports redis."""

from collections.abc import Awaitable, Iterator
from contextlib import contextmanager
from typing import cast

from redis.asyncio import Redis
from redis.exceptions import RedisError

_TIMEOUT_SECONDS = 0.5
"""A store that is slower than this is out, and the last known values stay."""


class RedisStore:
    """One Redis, through short calls."""

    def __init__(self, url: str) -> None:
        self._redis = Redis.from_url(
            url, socket_timeout=_TIMEOUT_SECONDS, socket_connect_timeout=_TIMEOUT_SECONDS, decode_responses=True
        )

    async def hash_of(self, key: str) -> dict[str, str]:
        """The fields of a hash, none if there is none.

        Raises:
            OSError: Redis does not answer in time, or answers with an error; so everywhere here.
        """
        with _failures_as_os_errors():
            return await cast("Awaitable[dict[str, str]]", self._redis.hgetall(key))

    async def text_of(self, key: str) -> str | None:
        """The string under a key, None if there is none."""
        with _failures_as_os_errors():
            return cast("str | None", await self._redis.get(key))

    async def set_field(self, key: str, field: str, text: str) -> None:
        """Set a field of a hash."""
        with _failures_as_os_errors():
            await self._redis.hset(key, field, text)

    async def drop_field(self, key: str, field: str) -> None:
        """Remove a field of a hash; nothing happens if it is not there."""
        with _failures_as_os_errors():
            await self._redis.hdel(key, field)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._redis.aclose()


@contextmanager
def _failures_as_os_errors() -> Iterator[None]:
    try:
        yield
    except RedisError as error:
        raise OSError(f"Redis failed: {type(error).__name__}") from error
