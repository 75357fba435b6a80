"""`summit smoke` against a real gateway: it says what works, and fails where something does not."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from contract.gateway.loopback import Door, ScriptedModel, gateway_before, nobody, served

from cli.__main__ import main
from summit_inference.events import Counts
from summit_inference.http_message import HttpResponse, Receive, Scope, Send, json_response, read_body, send_response
from summit_inference.jobs import JobState, JobStatus


@dataclass
class Eventing:
    """Takes an event, and says of its job what it is told."""

    state: JobState = JobState.COMPLETED
    events: list[dict[str, Any]] = field(default_factory=list)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = await read_body(receive, {}, 2**20)
        if scope["method"] == "POST":
            self.events.append(json.loads(body))
            await send_response(send, HttpResponse(202, {}, b""))
        else:
            await send_response(send, json_response(self._job(scope["path"].rpartition("/")[2])))

    def _job(self, job_id: str) -> dict[str, Any]:
        status = JobStatus(
            job_id=job_id,
            state=self.state,
            attempt=1,
            model="summit-extract",
            model_version="3",
            counts=Counts(),
            chunks_total=1,
            chunks_done=1,
            created_at=1.0,
            updated_at=2.0,
            output="file:///results",
            reason="no document can be read" if self.state is JobState.FAILED else None,
        )
        return status.model_dump(mode="json")


async def smoke(door: Door, capsys: pytest.CaptureFixture[str], *options: str) -> tuple[int, dict[str, Any]]:
    """The exit status, and the document that is printed."""
    status = await asyncio.to_thread(main, ["smoke", "--url", door.url, "--json", "--timeout-seconds", "10", *options])
    return status, json.loads(capsys.readouterr().out)


def passed(document: dict[str, Any]) -> dict[str, bool]:
    return {each["check"]: each["is_passed"] for each in document["checks"]}


@asynccontextmanager
async def whole(eventing: Eventing) -> AsyncIterator[Door]:
    async with (
        served(ScriptedModel().app()) as model,
        served(eventing) as batch,
        gateway_before(model, events_sink_url=f"{batch}/events", eventing_url=batch, probe_seconds=5) as door,
    ):
        yield door


async def test_a_whole_service_passes(capsys: pytest.CaptureFixture[str]) -> None:
    eventing = Eventing()
    async with whole(eventing) as door:
        status, document = await smoke(door, capsys, "--expect-batch")
    assert (status, document["passed"]) == (0, True)
    assert passed(document) == {"extract": True, "v2": True, "degraded": True, "event": True}
    (event,) = eventing.events
    assert event["type"] == "ai.summit.extraction.requested.v1"
    assert "summit-extract 3" in document["checks"][0]["said"]


async def test_without_a_model_only_the_degraded_path_passes(capsys: pytest.CaptureFixture[str]) -> None:
    async with gateway_before(nobody()) as door:
        status, document = await smoke(door, capsys, "--timeout-seconds", "2")
    assert (status, document["passed"]) == (1, False)
    assert passed(document) == {"extract": False, "v2": False, "degraded": True, "event": True}
    assert "it is starting" in document["checks"][0]["said"]


async def test_batch_work_that_is_off_fails_only_where_it_is_expected(capsys: pytest.CaptureFixture[str]) -> None:
    async with served(ScriptedModel().app()) as model, gateway_before(model, probe_seconds=5) as door:
        assert (await smoke(door, capsys))[0] == 0
        status, document = await smoke(door, capsys, "--expect-batch")
    assert status == 1
    assert passed(document)["event"] is False


async def test_a_job_that_fails_is_said_with_its_reason(capsys: pytest.CaptureFixture[str]) -> None:
    async with whole(Eventing(JobState.FAILED)) as door:
        status, document = await smoke(door, capsys)
    assert status == 1
    assert "no document can be read" in document["checks"][-1]["said"]


async def test_people_get_a_line_a_check(capsys: pytest.CaptureFixture[str]) -> None:
    async with gateway_before(nobody()) as door:
        assert await asyncio.to_thread(main, ["smoke", "--url", door.url, "--timeout-seconds", "2"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[:2] for line in lines] == [
        ["FAILED", "extract"],
        ["FAILED", "v2"],
        ["passed", "degraded"],
        ["passed", "event"],
    ]


async def test_a_service_that_is_not_there_fails_every_check(capsys: pytest.CaptureFixture[str]) -> None:
    status = await asyncio.to_thread(main, ["smoke", "--url", nobody(), "--json"])
    assert status == 1
    assert set(passed(json.loads(capsys.readouterr().out)).values()) == {False}
