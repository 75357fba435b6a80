"""The routes document in a real Redis, written by the rollout and read as the gateway does."""

from collections.abc import Iterator

import pytest
from contract.gateway.redis_server import RedisServer

from rollout.redis_routes import RedisRoutes
from summit_inference.errors import ConfigurationError, UpstreamUnreachable
from summit_inference.routes_document import Route

ALONE = [Route(model_version="1", percent=100, url="http://one")]
SPLIT = [Route(model_version="1", percent=90, url="http://one"), Route(model_version="2", percent=10, url="http://two")]


@pytest.fixture(scope="module")
def routes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisRoutes]:
    server = RedisServer(tmp_path_factory.mktemp("redis"))
    with server.running():
        yield RedisRoutes(server.url)


def test_routes_are_written_by_who_has_seen_the_present_ones(routes: RedisRoutes) -> None:
    assert routes.read() is None
    first = routes.write(ALONE, 0)
    assert routes.read() == first
    assert routes.write(ALONE, first.generation) == first
    second = routes.write(SPLIT, first.generation)
    assert second.generation == first.generation + 1
    with pytest.raises(ConfigurationError, match="changed by another process"):
        routes.write(ALONE, first.generation)
    assert routes.read() == second


def test_routes_that_contradict_each_other_are_never_written(routes: RedisRoutes) -> None:
    present = routes.read()
    generation = present.generation if present else 0
    with pytest.raises(ConfigurationError, match="add up to 100"):
        routes.write([Route(model_version="1", percent=90, url="http://one")], generation)
    assert routes.read() == present


def test_a_redis_that_is_away_is_said() -> None:
    with pytest.raises(UpstreamUnreachable, match="REDIS_URL"):
        RedisRoutes("redis://127.0.0.1:1/0").read()
