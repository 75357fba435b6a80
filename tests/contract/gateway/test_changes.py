"""Flags and routes take effect within a second, from a file or from Redis; the last known ones survive an outage."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from contract.gateway.loopback import Door, ScriptedModel, gateway_before, nobody, served, until
from contract.gateway.redis_server import RedisServer
from prometheus_client import REGISTRY

from gateway.flag_stores import FileFlags, FlagStore, RedisFlags, change_flag
from gateway.redis_store import RedisStore
from gateway.text_file import replace_file
from summit_inference.errors import ConfigurationError, InvalidRequest
from summit_inference.routes_document import REDIS_KEY, Route, RoutesDocument

BODY = {"text": "Ada"}


async def is_degraded(door: Door) -> bool:
    return bool((await door.extract(BODY)).json()["degraded"])


async def is_from_the_model(door: Door) -> bool:
    return not await is_degraded(door)


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path)
    with server.running():
        yield server


@asynccontextmanager
async def file_door(folder: Path) -> AsyncIterator[tuple[Door, FlagStore]]:
    flags = folder / "flags.json"
    async with served(ScriptedModel().app()) as url, gateway_before(url, flags_file=flags) as door:
        yield door, FileFlags(flags)


async def test_a_flag_in_a_file_counts_within_a_second_and_so_does_its_end(tmp_path: Path) -> None:
    async with file_door(tmp_path) as (door, store):
        assert not await is_degraded(door)
        await change_flag(store, "fallback_only", "true")
        await until(lambda: is_degraded(door), seconds=1)
        await change_flag(store, "fallback_only", None)
        await until(lambda: is_from_the_model(door), seconds=1)


async def test_a_change_is_counted_and_shown(tmp_path: Path) -> None:
    labels = {"flag": "fallback_only"}
    before = REGISTRY.get_sample_value("ai_flag_changes_total", labels) or 0
    async with file_door(tmp_path) as (door, store):
        await change_flag(store, "fallback_only", "true")
        await until(lambda: is_degraded(door), seconds=1)
    assert REGISTRY.get_sample_value("ai_flag_changes_total", labels) == before + 1
    assert REGISTRY.get_sample_value("ai_flag", labels) == 1


async def test_a_file_of_rubbish_leaves_the_flags_as_they_are(tmp_path: Path) -> None:
    async with file_door(tmp_path) as (door, store):
        await change_flag(store, "fallback_only", "true")
        await until(lambda: is_degraded(door), seconds=1)
        replace_file(tmp_path / "flags.json", b"{rubbish")
        await asyncio.sleep(0.6)
        assert await is_degraded(door)


async def test_writers_at_the_same_time_lose_no_flag(tmp_path: Path) -> None:
    stores = [FileFlags(tmp_path / "flags.json") for _ in range(8)]
    await asyncio.gather(
        *(
            asyncio.to_thread(asyncio.run, change_flag(store, f"disable_version:{at}", "true"))
            for at, store in enumerate(stores)
        )
    )
    assert set(await stores[0].read()) == {f"disable_version:{at}" for at in range(8)}


async def test_what_is_no_flag_is_not_written(tmp_path: Path) -> None:
    store = FileFlags(tmp_path / "flags.json")
    with pytest.raises(InvalidRequest):
        await change_flag(store, "fallback_olny", "true")
    assert await store.read() == {}


async def test_a_file_that_is_no_flags_cannot_be_written_over(tmp_path: Path) -> None:
    (tmp_path / "flags.json").write_text("[1]")
    with pytest.raises(ConfigurationError):
        await change_flag(FileFlags(tmp_path / "flags.json"), "fallback_only", "true")


async def test_a_flag_in_redis_counts_within_a_second(redis: RedisServer) -> None:
    store = RedisStore(redis.url)
    async with served(ScriptedModel().app()) as url, gateway_before(url, redis_url=redis.url) as door:
        assert not await is_degraded(door)
        await change_flag(RedisFlags(store), "fallback_only", "true")
        await until(lambda: is_degraded(door), seconds=1)
        await change_flag(RedisFlags(store), "fallback_only", None)
        await until(lambda: is_from_the_model(door), seconds=1)
    await store.aclose()


async def test_the_last_known_flags_survive_the_end_of_redis(tmp_path: Path) -> None:
    server = RedisServer(tmp_path)
    store = RedisStore(server.url)
    async with served(ScriptedModel().app()) as url:
        with server.running():
            await change_flag(RedisFlags(store), "fallback_only", "true")
            gateway = gateway_before(url, redis_url=server.url)
            door = await gateway.__aenter__()
        await asyncio.sleep(1.2)
        assert await is_degraded(door)
        with server.running():  # empty now, which is what counts again
            await until(lambda: is_from_the_model(door), seconds=3)
        await gateway.__aexit__(None, None, None)
    await store.aclose()


async def test_a_gateway_starts_and_answers_without_its_redis() -> None:
    async with served(ScriptedModel().app()) as url:
        away = nobody().replace("http", "redis")
        async with gateway_before(url, redis_url=away) as door:
            assert not await is_degraded(door)


async def test_a_flag_that_cannot_be_written_says_so() -> None:
    store = RedisStore(nobody().replace("http", "redis"))
    with pytest.raises(OSError, match="Redis"):
        await change_flag(RedisFlags(store), "fallback_only", "true")
    await store.aclose()


def document(*routes: tuple[str, int, str]) -> bytes:
    made = tuple(Route(model_version=version, percent=percent, url=url) for version, percent, url in routes)
    return RoutesDocument(generation=1, routes=made).as_json()


async def versions_of(door: Door, count: int = 20) -> set[str]:
    return {(await door.extract(BODY)).json()["model"]["version"] for _ in range(count)}


async def test_routes_in_a_file_are_followed_within_a_second(tmp_path: Path) -> None:
    routes = tmp_path / "routes.json"
    async with served(ScriptedModel(version="3").app()) as three, served(ScriptedModel(version="4").app()) as four:
        replace_file(routes, document(("3", 100, three), ("4", 0, four)))
        async with gateway_before(nobody(), routes_file=routes) as door:
            assert await versions_of(door) == {"3"}
            replace_file(routes, document(("3", 0, three), ("4", 100, four)))

            async def has_moved() -> bool:
                return await versions_of(door, count=1) == {"4"}

            await until(has_moved, seconds=1)
            assert await versions_of(door) == {"4"}


async def test_routes_in_redis_are_followed(redis: RedisServer) -> None:
    store = RedisStore(redis.url)
    async with served(ScriptedModel(version="4").app()) as four:
        await store._redis.set(REDIS_KEY, document(("4", 100, four)))
        async with gateway_before(nobody(), redis_url=redis.url) as door:
            assert await versions_of(door, count=1) == {"4"}
    await store.aclose()


async def test_routes_that_cannot_be_followed_leave_the_last_ones(tmp_path: Path) -> None:
    routes = tmp_path / "routes.json"
    async with served(ScriptedModel(version="3").app()) as three:
        replace_file(routes, document(("3", 100, three)))
        async with gateway_before(nobody(), routes_file=routes) as door:
            replace_file(routes, json.dumps({"generation": 2, "routes": []}).encode())
            await asyncio.sleep(0.6)
            assert await versions_of(door, count=1) == {"3"}


async def test_a_split_is_drawn_for_each_request(tmp_path: Path) -> None:
    routes = tmp_path / "routes.json"
    async with served(ScriptedModel(version="3").app()) as three, served(ScriptedModel(version="4").app()) as four:
        replace_file(routes, document(("3", 50, three), ("4", 50, four)))
        async with gateway_before(nobody(), routes_file=routes) as door:
            assert await versions_of(door, count=60) == {"3", "4"}


async def test_a_version_in_the_path_goes_to_its_own_host_whatever_its_percent(tmp_path: Path) -> None:
    routes = tmp_path / "routes.json"
    body = {"inputs": [{"name": "text", "shape": [1], "datatype": "BYTES", "data": ["Ada"]}]}
    async with served(ScriptedModel(version="3").app()) as three, served(ScriptedModel(version="4").app()) as four:
        replace_file(routes, document(("3", 100, three), ("4", 0, four)))
        async with gateway_before(nobody(), routes_file=routes) as door:
            path = "/v2/models/summit-extract/versions/{}/infer"
            answer = (await door.http.post(path.format("4"), json=body)).json()
            missing = await door.http.post(path.format("5"), json=body)
            listed = (await door.http.get("/v2/models/summit-extract")).json()["versions"]
    assert answer["model_version"] == "4"
    assert (missing.status_code, missing.json()["code"]) == (404, "model_version_not_found")
    assert listed == ["3", "4"]


async def test_a_request_in_flight_survives_the_end_of_its_route(tmp_path: Path) -> None:
    routes = tmp_path / "routes.json"
    slow = ScriptedModel(version="3", seconds=1.0)
    async with served(slow.app()) as three, served(ScriptedModel(version="4").app()) as four:
        replace_file(routes, document(("3", 100, three)))
        async with gateway_before(nobody(), routes_file=routes, watch_interval_seconds=0.05) as door:
            asking = asyncio.create_task(door.extract(BODY))
            await until(lambda: bool(slow.requests))
            replace_file(routes, document(("4", 100, four)))

            async def has_moved() -> bool:
                return await versions_of(door, count=1) == {"4"}

            await until(has_moved)
            assert (await asking).json()["model"]["version"] == "3"
