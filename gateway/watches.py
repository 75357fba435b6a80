"""What the gateway follows while it runs: flags, routes, keys. Each from a file, or the first two from Redis."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from gateway.flag_stores import FileFlags, FlagStore, RedisFlags
from gateway.flags import Entries, Flags, flags_of, number_of
from gateway.keys import KeyRing
from gateway.settings import GatewaySettings
from gateway.text_file import TextFile
from gateway.watched import Watched
from summit_inference import metrics
from summit_inference.errors import ConfigurationError, InvalidRequest
from summit_inference.routes_document import REDIS_KEY, RoutesDocument

if TYPE_CHECKING:
    from gateway.redis_store import RedisStore

_log = logging.getLogger(__name__)

OnRoutes = Callable[[RoutesDocument | None], None]
_Watched = Watched[Any]


class Watches:
    """The present flags and keys; a change of the routes goes to `on_routes`."""

    def __init__(self, settings: GatewaySettings, on_routes: OnRoutes) -> None:
        self.flags = Flags()
        self.flag_texts: Entries = {}
        """The same as texts."""
        self._interval_seconds = settings.watch_interval_seconds
        self._redis = _redis(settings)
        self._tokens = KeyRing.of_tokens(settings.token.get_secret_value())
        self._keys = _keys(settings, self._tokens)
        self._watched = [
            *_flags(settings, self._redis, self._follow_flags),
            *_routes(settings, self._redis, on_routes),
            *([self._keys] if self._keys else []),
        ]

    @property
    def ring(self) -> KeyRing | None:
        """The keys that open the gateway; None where it was started without any."""
        return self._keys.value if self._keys else self._tokens or None

    @asynccontextmanager
    async def following(self) -> AsyncIterator[None]:
        """Follow everything during the body, which begins when all has been read once."""
        await asyncio.gather(*(watched.refresh() for watched in self._watched))
        tasks = [asyncio.create_task(watched.follow(self._interval_seconds)) for watched in self._watched]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            if self._redis:
                await self._redis.aclose()

    def _follow_flags(self, before: Entries, after: Entries) -> None:
        self.flags, faults = flags_of(after)
        self.flag_texts = {name: text for name, text in after.items() if name not in faults}
        for name in sorted({*before, *after}):
            if before.get(name) != after.get(name):
                _note_change(name, after.get(name), faults.get(name))


def _note_change(name: str, text: str | None, fault: str | None) -> None:
    if fault:
        _log.error("flag ignored", extra={"flag": name, "cause": fault})
        return
    try:
        metrics.FLAG.labels(name).set(0.0 if text is None else number_of(name, text))
    except InvalidRequest:
        return  # what is removed was none
    metrics.FLAG_CHANGES.labels(name).inc()
    _log.warning("flag changed", extra={"flag": name, "value": text})


def _redis(settings: GatewaySettings) -> "RedisStore | None":
    if settings.redis_url is None:
        return None
    from gateway.redis_store import RedisStore  # noqa: PLC0415 - redis loads much; only who uses it pays

    return RedisStore(settings.redis_url.get_secret_value())


def _flags(
    settings: GatewaySettings, redis: "RedisStore | None", on_change: Callable[[Entries, Entries], None]
) -> list[_Watched]:
    store: FlagStore | None = RedisFlags(redis) if redis else None
    if settings.flags_file:
        store = FileFlags(settings.flags_file)
    return [Watched[Entries]("flags", store.read, {}, on_change)] if store else []


def _routes(settings: GatewaySettings, redis: "RedisStore | None", on_routes: OnRoutes) -> list[_Watched]:
    async def from_redis() -> RoutesDocument | None:
        text = await redis.text_of(REDIS_KEY) if redis else None
        return RoutesDocument.from_json(text) if text else None

    read = from_redis
    if settings.routes_file:
        read = TextFile[RoutesDocument | None](settings.routes_file, RoutesDocument.from_json, None).read
    elif not redis:
        return []
    return [Watched[RoutesDocument | None]("routes", read, None, lambda _, after: on_routes(after))]


def _keys(settings: GatewaySettings, tokens: KeyRing) -> Watched[KeyRing] | None:
    """The tokens of the environment and the keys of the file, which must be there at the start.

    Raises:
        ConfigurationError: it is not, or cannot be used.
    """
    if settings.keys_file is None:
        return None

    def parse(content: bytes) -> KeyRing:
        return tokens + KeyRing.from_json(content)

    try:
        initial = parse(settings.keys_file.read_bytes())
    except OSError as error:
        raise ConfigurationError("GATEWAY_KEYS_FILE cannot be read; write a JSON list of keys there.") from error
    file = TextFile[KeyRing](settings.keys_file, parse, tokens)
    return Watched("keys", file.read, initial, lambda _, after: _log.info("keys changed", extra={"keys": len(after)}))
