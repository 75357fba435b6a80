"""`GET /state`: what one gateway knows now."""

import json
from pathlib import Path

import pytest
from contract.gateway.loopback import ScriptedModel, gateway_before, nobody, served
from contract.gateway.test_batch_doors import keys, shown

from summit_inference import __version__


async def test_it_tells_versions_traffic_latency_queue_breaker_and_flags(tmp_path: Path) -> None:
    routes, flags = tmp_path / "routes.json", tmp_path / "flags.json"
    flags.write_text(json.dumps({"disable_version:4": "true", "throttle": "many"}))
    async with served(ScriptedModel().app()) as url:
        shares = [{"model_version": "3", "percent": 100, "url": url}, {"model_version": "4", "percent": 0, "url": url}]
        routes.write_text(json.dumps({"generation": 1, "routes": shares}))
        async with gateway_before(url, routes_file=routes, flags_file=flags, max_in_flight=7, probe_seconds=5) as door:
            await door.extract({"text": "Ada"})
            await door.extract({"text": "Ada"}, headers={"x-degradation": "only"})
            await door.extract({"text": "Ada"}, headers={"x-request-class": "batch"})
            state = (await door.http.get("/state")).json()
    assert (state["gateway_version"], state["model_name"], state["is_draining"]) == (
        __version__,
        "summit-extract",
        False,
    )
    assert state["queue"] == {"in_flight": 0, "limit": 7}
    assert state["flags"] == {"disable_version:4": "true"}
    third, fourth = state["versions"]
    assert (third["model_version"], third["percent"], third["standing"], third["breaker"]) == (
        "3",
        100,
        "ready",
        "closed",
    )
    assert third["live"]["outcomes"] == {"model": 1, "degraded": 1}
    assert third["batch"]["outcomes"] == {"model": 1}
    assert 0 < third["live"]["latency_ms"]["p50"] <= third["live"]["latency_ms"]["p99"]
    assert (fourth["is_disabled"], fourth["standing"], fourth["live"]["latency_ms"]) == (True, "unknown", None)


async def test_without_routes_it_tells_what_the_answers_told() -> None:
    async with served(ScriptedModel().app()) as url, gateway_before(url, probe_seconds=5) as door:
        await door.extract({"text": "Ada"})
        versions = (await door.http.get("/state")).json()["versions"]
    assert [(each["model_version"], each["percent"], each["live"]["requests"]) for each in versions] == [
        ("", None, 0),
        ("3", None, 1),
    ]


@pytest.mark.parametrize("name", ["web", "job", "ops"])
async def test_every_key_may_look_and_nobody_without(name: str, tmp_path: Path) -> None:
    async with gateway_before(nobody(), keys_file=keys(tmp_path)) as door:
        assert (await door.http.get("/state", headers=shown(name))).status_code == 200
        assert (await door.http.get("/state")).status_code == 401
