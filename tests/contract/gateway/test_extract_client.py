"""The client for Python callers, against a real gateway: deadlines, retries, the trace, and what it raises."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from contract.gateway.loopback import App, Door, ScriptedModel, gateway_before, nobody, served

from summit_inference.context import RequestContext, working_on
from summit_inference.deadline import Deadline
from summit_inference.errors import (
    DeadlineExceeded,
    DegradedRefused,
    InvalidRequest,
    Overloaded,
    Unauthenticated,
    UpstreamBroken,
    UpstreamUnreachable,
)
from summit_inference.extract_client import ExtractClient
from summit_inference.http_message import HttpResponse, Receive, Scope, Send, error_response, read_body, send_response

TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
TOKEN = "web-token-0123456789"  # noqa: S105


@asynccontextmanager
async def clients(model: ScriptedModel, **settings: Any) -> AsyncIterator[tuple[ExtractClient, Door]]:
    async with (
        served(model.app()) as url,
        gateway_before(url, probe_seconds=5, **settings) as door,
        ExtractClient(door.url, timeout_seconds=10) as client,
    ):
        yield client, door


async def test_one_text_and_several_are_answered_with_their_lineage() -> None:
    async with clients(ScriptedModel()) as (client, _):
        one = await client.extract("Ada met Grace")
        many = await client.extract_all(["Ada", "", "Grace"])
    assert (one.entities, one.model.version, one.model.run_id, one.degraded) == (["Ada"], "3", "run-7", False)
    assert [result.entities for result in many.results] == [["Ada"], [], ["Grace"]]


async def test_the_time_that_is_given_is_kept_by_the_gateway() -> None:
    async with clients(ScriptedModel(seconds=3)) as (client, _):
        answer = await client.extract("Ada", timeout_seconds=0.5)
    assert answer.degraded_reason == "timeout"


async def test_the_earlier_of_two_deadlines_counts() -> None:
    async with clients(ScriptedModel(seconds=3)) as (client, _):
        with working_on(RequestContext("r", Deadline.after(0.5))):
            assert (await client.extract("Ada", timeout_seconds=9)).degraded_reason == "timeout"


async def test_the_trace_and_the_id_of_the_request_that_is_served_go_on() -> None:
    model = ScriptedModel()
    async with clients(model) as (client, _):
        with working_on(RequestContext("id-7", trace={"traceparent": TRACE})):
            answer = await client.extract("Ada")
    assert answer.request_id == "id-7"
    assert model.headers[-1]["traceparent"] == TRACE


async def test_a_key_and_a_policy_are_sent() -> None:
    async with gateway_before(nobody(), token=TOKEN) as door:
        async with ExtractClient(door.url, token=TOKEN) as client:
            assert (await client.extract("Ada", degradation="only")).degraded_reason == "flag"
        async with ExtractClient(door.url) as client:
            with pytest.raises(Unauthenticated):
                await client.extract("Ada")


class Busy:
    """Refuses so many requests, then answers the same to all."""

    def __init__(self, refusals: int, answer: bytes = b"{}") -> None:
        self.asked: list[float] = []
        self._refusals = refusals
        self._answer = answer

    async def __call__(self, _scope: Scope, receive: Receive, send: Send) -> None:
        await read_body(receive, {}, 2**20)
        self.asked.append(time.monotonic())
        refusal = error_response(Overloaded("Full.", retry_after_seconds=1), "r")
        fine = HttpResponse(200, {"content-type": "application/json"}, self._answer)
        await send_response(send, refusal if len(self.asked) <= self._refusals else fine)


ANSWER = json.dumps(
    {
        "entities": ["Ada"],
        "spans": [],
        "latency_ms": 1,
        "model": {"name": "m", "version": "3"},
        "degraded": False,
        "request_id": "r",
    }
).encode()


@asynccontextmanager
async def client_of(app: App, **options: Any) -> AsyncIterator[tuple[ExtractClient, list[float]]]:
    """A client that notes its pauses and does not make them."""
    pauses: list[float] = []

    async def noted(seconds: float) -> None:
        pauses.append(seconds)

    async with served(app) as url, ExtractClient(url, sleep=noted, **options) as client:
        yield client, pauses


async def test_what_is_refused_is_sent_again_after_what_the_server_says() -> None:
    busy = Busy(2, ANSWER)
    async with client_of(busy) as (client, pauses):
        assert (await client.extract("Ada")).entities == ["Ada"]
    assert len(busy.asked) == 3
    assert all(1 <= pause < 1.5 for pause in pauses)


async def test_the_last_refusal_is_raised() -> None:
    busy = Busy(9)
    async with client_of(busy) as (client, _):
        with pytest.raises(Overloaded):
            await client.extract("Ada")
    assert len(busy.asked) == 3


async def test_where_there_is_no_time_to_wait_nothing_is_tried_again() -> None:
    busy = Busy(9)
    async with client_of(busy) as (client, pauses):
        with pytest.raises(Overloaded):
            await client.extract("Ada", timeout_seconds=0.9)
    assert (len(busy.asked), pauses) == (1, [])


async def test_a_callers_own_mistake_is_not_sent_again() -> None:
    model = ScriptedModel(error=InvalidRequest("no"))
    async with clients(model) as (client, _):
        with pytest.raises(InvalidRequest):
            await client.extract("Ada")
    assert len(model.requests) == 1


async def test_a_refused_fallback_is_raised_as_such() -> None:
    async with gateway_before(nobody()) as door, ExtractClient(door.url, attempts=1) as client:
        with pytest.raises(DegradedRefused):
            await client.extract("Ada", degradation="refuse", timeout_seconds=1)


async def test_a_gateway_that_is_not_there_is_unreachable() -> None:
    async with ExtractClient(nobody(), attempts=1) as client:
        with pytest.raises(UpstreamUnreachable):
            await client.extract("Ada")


async def test_a_server_that_hangs_is_given_up_at_the_deadline() -> None:
    async def hanging(_scope: Scope, _receive: Receive, _send: Send) -> None:
        await asyncio.sleep(5)

    async with client_of(hanging) as (client, _):
        with pytest.raises(DeadlineExceeded):
            await client.extract("Ada", timeout_seconds=0.2)


async def test_what_is_no_gateway_is_said_to_be_none() -> None:
    async with client_of(Busy(0, b'{"hello": "world"}')) as (client, _):
        with pytest.raises(UpstreamBroken):
            await client.extract("Ada")
