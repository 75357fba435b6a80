"""Every row of the table in docs/reference/degradation.md, over real sockets."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from contract.gateway.loopback import Door, ScriptedModel, gateway_before, nobody, served, until

from fallback import NAME
from summit_inference import errors
from summit_inference.http_message import HttpResponse
from summit_inference.spans import Span

PAGE = Path(__file__).resolve().parents[3] / "docs" / "reference" / "degradation.md"
BODY = {"text": "Ada met Grace"}
DEADLINE_SLACK_SECONDS = 0.25
"""For a test machine that is busy with other things."""


class Row(NamedTuple):
    """What the page promises; "-" is none."""

    situation: str
    deadline: str
    degradation: str
    status: str
    answered_by: str
    reason: str


def rows() -> list[Row]:
    lines = [line for line in PAGE.read_text("utf-8").splitlines() if line.startswith("| ")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return [Row(*cell) for cell in cells if len(cell) == len(Row._fields)][1:]


@dataclass
class Stage:
    """A model, what the gateway is told, and what happens before the request of the row."""

    model: ScriptedModel = field(default_factory=ScriptedModel)
    settings: dict[str, Any] = field(default_factory=dict)
    flags: dict[str, str] = field(default_factory=dict)
    is_there: bool = True
    has_route: bool = False
    before: Callable[["Stage", Door], Awaitable[None]] | None = None
    stack: AsyncExitStack = field(default_factory=AsyncExitStack)


async def killed_after_an_answer(stage: Stage, door: Door) -> None:
    await door.extract(BODY)
    await stage.stack.aclose()


async def two_requests(_stage: Stage, door: Door) -> None:
    for _ in range(2):
        await door.extract(BODY)


async def two_failures(stage: Stage, door: Door) -> None:
    await two_requests(stage, door)
    stage.model.error = None  # only an open breaker keeps the next answer from being the model's


async def one_that_waits(stage: Stage, door: Door) -> None:
    waiting = asyncio.create_task(door.extract(BODY))
    stage.stack.push_async_callback(asyncio.wait, [waiting])
    await until(lambda: bool(stage.model.requests))


async def up_soon(stage: Stage, _: Door) -> None:
    stage.model.is_up_from = time.monotonic() + 0.15


BROKEN = RuntimeError("a bug of the model")
TWO_OPEN_IT = {"breaker_minimum_calls": 2, "breaker_error_share": 0.5, "breaker_slow_share": 0.5}
SITUATIONS: dict[str, Callable[[], Stage]] = {
    "it is ready": Stage,
    "it needs longer than the deadline": lambda: Stage(ScriptedModel(seconds=3)),
    "it needs longer than `GATEWAY_MODEL_TIMEOUT_SECONDS`": lambda: Stage(
        ScriptedModel(seconds=3), {"model_timeout_seconds": 0.1}
    ),
    "the deadline is too short for anybody": Stage,
    "nobody listens": lambda: Stage(is_there=False),
    "it says that it is loading": lambda: Stage(ScriptedModel(is_up=False)),
    "its activator holds the request while it starts": lambda: Stage(
        ScriptedModel(seconds=3, ready_seconds=3), {"probe_seconds": 0.03}
    ),
    "it gets ready within `GATEWAY_COLD_WAIT_SECONDS`": lambda: Stage(
        ScriptedModel(), {"cold_wait_seconds": 5, "wake_interval_seconds": 0.05}, before=up_soon
    ),
    "it gets ready, within a deadline beyond `GATEWAY_COLD_START_SECONDS`": lambda: Stage(
        ScriptedModel(), {"cold_start_seconds": 1, "wake_interval_seconds": 0.05}, before=up_soon
    ),
    "it was ready and has been killed": lambda: Stage(before=killed_after_an_answer),
    "it dies in the middle of an answer": lambda: Stage(ScriptedModel(dies_mid_answer=True)),
    "it answers 500": lambda: Stage(ScriptedModel(error=BROKEN)),
    "it answers against the contract": lambda: Stage(
        ScriptedModel(http=HttpResponse(200, {"content-type": "application/json"}, b'{"outputs": 5}'))
    ),
    "it names an entity that does not stand where it says": lambda: Stage(
        ScriptedModel(finds=lambda text: [Span("Grace", "PER", 0, len(text), 0.9)])
    ),
    "another version is served where the routes say": lambda: Stage(ScriptedModel(version="4"), has_route=True),
    "it answers as another version than was asked": lambda: Stage(ScriptedModel(claims="4"), has_route=True),
    "its queue is full": lambda: Stage(ScriptedModel(error=errors.Overloaded("Full.", retry_after_seconds=3))),
    "as many requests as `GATEWAY_MAX_IN_FLIGHT` wait for it": lambda: Stage(
        ScriptedModel(seconds=1), {"max_in_flight": 1}, before=one_that_waits
    ),
    "the breaker is open after errors": lambda: Stage(ScriptedModel(error=BROKEN), TWO_OPEN_IT, before=two_failures),
    "the breaker is open after slow answers": lambda: Stage(
        ScriptedModel(seconds=0.05), {**TWO_OPEN_IT, "breaker_slow_seconds": 0.02}, before=two_requests
    ),
    "the flag `throttle` is used up": lambda: Stage(flags={"throttle": "0.5"}, before=two_requests),
    "the flag `fallback_only` is on": lambda: Stage(flags={"fallback_only": "true"}),
    "the flag `disable_version` names the only version": lambda: Stage(
        flags={"disable_version:3": "true"}, has_route=True
    ),
    "the flag `refuse` is on, and it is ready": lambda: Stage(flags={"refuse": "true"}),
    "the flag `refuse` is on, and it answers 500": lambda: Stage(ScriptedModel(error=BROKEN), flags={"refuse": "true"}),
    "it refuses the request as wrong": lambda: Stage(ScriptedModel(error=errors.InvalidRequest("Not like this."))),
}


@asynccontextmanager
async def arranged(stage: Stage, folder: Path) -> AsyncIterator[Door]:
    """A gateway before the stage's model, when everything before the row's own request has happened."""
    async with stage.stack:
        url = await stage.stack.enter_async_context(served(stage.model.app())) if stage.is_there else nobody()
        flags, routes = folder / "flags.json", folder / "routes.json"
        flags.write_text(json.dumps(stage.flags))
        if stage.has_route:
            routes.write_text(
                json.dumps({"generation": 1, "routes": [{"model_version": "3", "percent": 100, "url": url}]})
            )
        async with gateway_before(url, flags_file=flags, routes_file=routes, **stage.settings) as door:
            if stage.before:
                await stage.before(stage, door)
            yield door


@pytest.mark.parametrize("row", rows(), ids=lambda row: f"{row.situation}, {row.deadline} ms, {row.degradation}")
async def test_the_table_says_who_answers(row: Row, tmp_path: Path) -> None:
    headers = {"x-degradation": row.degradation}
    if row.deadline != "-":
        headers["x-request-timeout-ms"] = row.deadline
    stage = SITUATIONS[row.situation]()
    async with arranged(stage, tmp_path) as door:
        began = time.monotonic()
        response = await door.extract(BODY, headers=headers)
        seconds = time.monotonic() - began
    answer = response.json()
    assert str(response.status_code) == row.status, answer
    if row.answered_by != "-":
        assert (answer["model"]["name"] == NAME, answer["degraded"]) == ((row.answered_by == "fallback"),) * 2
    assert answer.get("degraded_reason", "-") == row.reason
    if response.status_code in {429, 503}:
        assert int(response.headers["retry-after"]) >= 1
    if row.deadline != "-":
        assert seconds < int(row.deadline) / 1000 + DEADLINE_SLACK_SECONDS


def test_every_situation_of_the_tests_is_promised_on_the_page() -> None:
    assert {row.situation for row in rows()} == set(SITUATIONS)


async def test_a_cold_model_costs_a_caller_no_more_than_the_probe(tmp_path: Path) -> None:
    """The second caller does not even wait for that: the model is known to be down."""
    stage = Stage(ScriptedModel(ready_seconds=3), settings={"probe_seconds": 0.03})
    async with arranged(stage, tmp_path) as door:
        first = (await door.extract(BODY)).json()["latency_ms"]
        second = (await door.extract(BODY)).json()["latency_ms"]
    assert first < 30 + 1000 * DEADLINE_SLACK_SECONDS
    assert second < 30 + 1000 * DEADLINE_SLACK_SECONDS


async def test_many_callers_wake_a_cold_model_with_one_question(tmp_path: Path) -> None:
    stage = Stage(ScriptedModel(ready_seconds=1), {"probe_seconds": 0.03})
    async with arranged(stage, tmp_path) as door:
        answers = await asyncio.gather(*(door.extract(BODY) for _ in range(20)))
    assert all(answer.json()["degraded_reason"] == "cold" for answer in answers)
    assert stage.model.ready_asked == 1


async def test_the_question_that_wakes_a_model_has_no_callers_deadline(tmp_path: Path) -> None:
    stage = Stage(ScriptedModel(is_up=False))
    async with arranged(stage, tmp_path) as door:
        await door.extract(BODY, headers={"x-request-timeout-ms": "200"})
    assert stage.model.headers
    assert all("x-request-timeout-ms" not in headers for headers in stage.model.headers)


async def answered_by_the_model(door: Door) -> None:
    async def answers() -> bool:
        return not (await door.extract(BODY)).json()["degraded"]

    await until(answers)


async def test_a_model_that_comes_back_answers_again(tmp_path: Path) -> None:
    stage = Stage(ScriptedModel(is_up=False), {"wake_interval_seconds": 0.02})
    async with arranged(stage, tmp_path) as door:
        assert (await door.extract(BODY)).json()["degraded"]
        stage.model.is_up = True
        await answered_by_the_model(door)


async def test_a_model_that_comes_back_closes_the_breaker(tmp_path: Path) -> None:
    stage = Stage(ScriptedModel(error=BROKEN), {**TWO_OPEN_IT, "breaker_open_seconds": 0.1}, before=two_failures)
    async with arranged(stage, tmp_path) as door:
        assert (await door.extract(BODY)).json()["degraded_reason"] == "broken"
        await answered_by_the_model(door)


async def test_the_model_is_told_what_is_left_for_it_and_not_the_callers_whole_time(tmp_path: Path) -> None:
    stage = Stage(settings={"fallback_margin_seconds": 0.2})
    async with arranged(stage, tmp_path) as door:
        await door.extract(BODY, headers={"x-request-timeout-ms": "1000"})
    assert int(stage.model.headers[-1]["x-request-timeout-ms"]) <= 800


async def test_a_degraded_answer_names_the_version_that_was_asked(tmp_path: Path) -> None:
    async with arranged(Stage(ScriptedModel(error=BROKEN), has_route=True), tmp_path) as door:
        answer = (await door.extract(BODY)).json()
    assert answer["requested_model_version"] == "3"
    assert answer["model"]["run_id"] is None


async def test_a_caller_that_leaves_frees_the_model(tmp_path: Path) -> None:
    stage = Stage(ScriptedModel(seconds=5))
    async with arranged(stage, tmp_path) as door:
        asking = asyncio.create_task(door.extract(BODY))
        await until(lambda: bool(stage.model.requests))
        asking.cancel()
        async with asyncio.timeout(5):
            await stage.model.was_cancelled.wait()
