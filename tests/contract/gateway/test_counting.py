"""Every inference is counted once, under the version that was asked."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from contract.gateway.loopback import Door, ScriptedModel, gateway_before, served, until
from prometheus_client import REGISTRY

from summit_inference import errors

BODY = {"text": "Ada"}
V2 = "/v2/models/summit-extract/infer"
V2_BODY = {"inputs": [{"name": "text", "shape": [1], "datatype": "BYTES", "data": ["Ada"]}]}
NAMES = {"ai_requests_total", "ai_inference_latency_seconds_count"}

Counts = Mapping[tuple[str, str, str, str], float]


def counts() -> Counts:
    return {
        (sample.name, sample.labels["model_version"], sample.labels["outcome"], sample.labels["traffic"]): sample.value
        for metric in REGISTRY.collect()
        for sample in metric.samples
        if sample.name in NAMES
    }


def grown(before: Counts, traffic: str = "live") -> dict[tuple[str, str], float]:
    """What was counted since, by version and outcome; counter and histogram must agree, and be of this traffic."""
    after = counts()
    changes = {key: value - before.get(key, 0) for key, value in after.items() if value != before.get(key, 0)}
    requests = {key[1:3]: value for key, value in changes.items() if key[0] == "ai_requests_total"}
    observed = {key[1:3]: value for key, value in changes.items() if key[0] != "ai_requests_total"}
    assert requests == observed
    assert {key[3] for key in changes} <= {traffic}
    return requests


def extract(body: object = BODY, **headers: str) -> Callable[[Door], Awaitable[Any]]:
    return lambda door: door.extract(body, headers=headers)


def post(path: str, content: bytes) -> Callable[[Door], Awaitable[Any]]:
    return lambda door: door.http.post(path, content=content)


CASES = [
    pytest.param({}, extract(), {("3", "model"): 1}, id="the model answers"),
    pytest.param({}, post(V2, json.dumps(V2_BODY).encode()), {("3", "model"): 1}, id="the model answers over V2"),
    pytest.param({"error": RuntimeError()}, extract(), {("3", "degraded"): 1}, id="the fallback answers"),
    pytest.param({}, extract(**{"x-degradation": "only"}), {("3", "degraded"): 1}, id="the caller wants the fallback"),
    pytest.param(
        {"error": RuntimeError()}, extract(**{"x-degradation": "refuse"}), {("3", "refused"): 1}, id="nobody answers"
    ),
    pytest.param({}, extract({"text": 5}), {("", "caller_error"): 1}, id="a wrong body"),
    pytest.param({}, post(V2, b"{"), {("", "caller_error"): 1}, id="a wrong body over V2"),
    pytest.param({}, extract(**{"x-request-timeout-ms": "x"}), {("", "caller_error"): 1}, id="a wrong header"),
    pytest.param(
        {"error": errors.InvalidRequest("no")},
        extract(),
        {("3", "caller_error"): 1},
        id="the model refuses the request",
    ),
    pytest.param(
        {},
        post("/v2/models/summit-extract/versions/77/infer", json.dumps(V2_BODY).encode()),
        {("", "caller_error"): 1},
        id="a version that is not there, which must not become a label",
    ),
    pytest.param({}, lambda door: door.http.get("/health"), {}, id="health is no inference"),
    pytest.param({}, lambda door: door.http.get("/v2/models/summit-extract/ready"), {}, id="nor is readiness"),
]


@pytest.mark.parametrize(("model", "ask", "expected"), CASES)
async def test_a_request_is_counted_once(
    model: dict[str, Any],
    ask: Callable[[Door], Awaitable[Any]],
    expected: dict[tuple[str, str], float],
    tmp_path: Path,
) -> None:
    routes = tmp_path / "routes.json"
    async with served(ScriptedModel(**model).app()) as url:
        route = {"model_version": "3", "percent": 100, "url": url}
        routes.write_text(json.dumps({"generation": 1, "routes": [route]}))
        async with gateway_before(url, routes_file=routes) as door:
            before = counts()
            await ask(door)
            assert grown(before) == expected


async def test_without_routes_a_version_is_known_from_answers_only() -> None:
    model = ScriptedModel()
    async with served(model.app()) as url, gateway_before(url) as door:
        before = counts()
        await door.extract(BODY)
        model.error = RuntimeError()
        await door.extract(BODY)
        assert grown(before) == {("3", "model"): 1, ("", "degraded"): 1}


async def test_a_caller_that_leaves_is_counted_as_its_own_doing() -> None:
    model = ScriptedModel(seconds=5)
    async with served(model.app()) as url, gateway_before(url) as door:
        before = counts()
        asking = asyncio.create_task(door.extract(BODY))
        await until(lambda: bool(model.requests))
        asking.cancel()
        await until(lambda: bool(grown(before)))
        assert grown(before) == {("", "caller_error"): 1}


async def test_the_reason_of_a_degraded_answer_is_counted() -> None:
    labels = {"model_version": "", "reason": "broken", "traffic": "live"}
    async with served(ScriptedModel(error=RuntimeError()).app()) as url, gateway_before(url) as door:
        before = REGISTRY.get_sample_value("ai_degraded_total", labels) or 0
        await door.extract(BODY)
    assert REGISTRY.get_sample_value("ai_degraded_total", labels) == before + 1


@pytest.mark.parametrize(("error", "outcome"), [(None, "model"), (RuntimeError(), "degraded")])
async def test_batch_work_is_counted_apart_so_that_no_objective_of_live_callers_sees_it(
    error: Exception | None, outcome: str
) -> None:
    async with served(ScriptedModel(error=error).app()) as url, gateway_before(url, probe_seconds=5) as door:
        before = counts()
        await door.extract(BODY, headers={"x-request-class": "batch"})
        assert {key[1] for key in grown(before, "batch")} == {outcome}


async def test_slow_batch_work_does_not_open_the_breaker() -> None:
    """Neither when it is answered late, nor when it is not within the time that the gateway gives."""
    async with (
        served(ScriptedModel(seconds=0.2).app()) as url,
        gateway_before(
            url, breaker_slow_seconds=0.05, breaker_minimum_calls=2, model_timeout_seconds=0.1, probe_seconds=5
        ) as door,
    ):
        asked = [await door.extract(BODY, headers={"x-request-class": "batch"}) for _ in range(4)]
        assert {answer.json()["degraded_reason"] for answer in asked} == {"timeout"}
        assert REGISTRY.get_sample_value("ai_breaker_open", {"model_version": ""}) == 0
        for _ in range(2):
            await door.extract(BODY)
        assert REGISTRY.get_sample_value("ai_breaker_open", {"model_version": ""}) == 1
