"""The routes document in Redis, changed only by who has seen its present state."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from redis import Redis
from redis.exceptions import RedisError, WatchError

from summit_inference.errors import ConfigurationError, UpstreamUnreachable
from summit_inference.routes_document import REDIS_KEY, Route, RoutesDocument

_TIMEOUT_SECONDS = 2.0


class RedisRoutes:
    """The key that gateways follow: those of a cluster, and that of a machine with a Redis."""

    def __init__(self, url: str) -> None:
        self._first_seen: tuple[int, float] | None = None
        self._redis: Redis = Redis.from_url(
            url, socket_timeout=_TIMEOUT_SECONDS, socket_connect_timeout=_TIMEOUT_SECONDS
        )

    def read(self) -> RoutesDocument | None:
        """The document, None where there is none.

        Raises:
            UpstreamUnreachable: Redis does not answer.
            ConfigurationError: the key holds something else.
        """
        with _reached():
            text = self._redis.get(REDIS_KEY)
        return RoutesDocument.from_json(text) if isinstance(text, bytes) else None

    def age_seconds(self, now: float) -> float:
        """How long ago this object first saw the generation that stands there: 0 where it has not looked before.

        Raises:
            UpstreamUnreachable: Redis does not answer.
        """
        document = self.read()
        generation = document.generation if document else 0
        if self._first_seen is None or self._first_seen[0] != generation:
            self._first_seen = generation, now
        return now - self._first_seen[1]

    def write(self, routes: Sequence[Route], seen_generation: int) -> RoutesDocument:
        """The new document, of the next generation; routes that stand there already keep their generation.

        Raises:
            ConfigurationError: somebody has changed it since `seen_generation`, or the routes contradict each other.
            UpstreamUnreachable: Redis does not answer.
        """
        with _reached(), self._redis.pipeline() as pipeline:
            pipeline.watch(REDIS_KEY)  # type: ignore[no-untyped-call]
            text = pipeline.get(REDIS_KEY)
            present = RoutesDocument.from_json(text) if isinstance(text, bytes) else None
            generation = present.generation if present else 0
            if generation != seen_generation:
                raise ConfigurationError("the routes were changed by another process; they are read again")
            if present and present.routes == tuple(routes):
                return present
            unchecked = RoutesDocument.model_construct(generation=generation + 1, routes=tuple(routes))
            document = RoutesDocument.from_json(unchecked.as_json())
            pipeline.multi()
            pipeline.set(REDIS_KEY, document.as_json())
            pipeline.execute()
        return document


@contextmanager
def _reached() -> Iterator[None]:
    try:
        yield
    except WatchError as error:
        raise ConfigurationError("the routes were changed by another process; they are read again") from error
    except RedisError as error:
        raise UpstreamUnreachable("Redis, which holds the routes, does not answer; check REDIS_URL") from error
