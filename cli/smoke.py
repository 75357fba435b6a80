"""`summit smoke`: what a deploy checklist runs. Every way into the service is tried once, and its answer judged."""

import argparse
import asyncio
import time
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass

import aiohttp
import orjson

from cli.batch_door import BatchDoor, add_address, address, batch_door
from cli.platform import MODEL_NAME
from cli.settings import CliSettings
from cli.terminal import put
from summit_inference.client import Upstream
from summit_inference.context import RequestContext, working_on
from summit_inference.deadline import Deadline
from summit_inference.errors import RouteNotFound, SummitError
from summit_inference.events import InlineDocument, RequestedData, event_of
from summit_inference.extract_client import ExtractClient
from summit_inference.jobs import JobState
from summit_inference.tensors import InferRequest
from summit_inference.text_tensors import spans_of, text_tensor

_TEXT = "Angela Merkel met Tim Cook of Apple in Berlin."
_V2_REQUEST = InferRequest(MODEL_NAME, (text_tensor([_TEXT]),), parameters={"degradation": "refuse"})
_SOURCE = "/summit/smoke"
_POLL_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of one check."""

    check: str
    is_passed: bool
    seconds: float
    said: str
    """What was seen, or what to do about it."""


class Failed(Exception):
    """A check's answer is not what it must be; the text says how."""


@dataclass(frozen=True, slots=True)
class Smoke:
    """The checks, over the gateway's doors. Each returns what it saw, and raises what is wrong."""

    extract: ExtractClient
    v2: Upstream
    batch: BatchDoor
    timeout_seconds: float
    is_batch_expected: bool

    def checks(self) -> dict[str, Callable[[], Awaitable[str]]]:
        """By name, in order."""
        return {
            "extract": self.by_model,
            "v2": self.by_v2,
            "degraded": self.by_rules,
            "event": self.by_event,
        }

    async def by_model(self) -> str:
        """`/extract` is answered by the model."""
        answer = await self.extract.extract(_TEXT, degradation="refuse")
        _require_entities(answer.entities)
        if answer.degraded or not answer.model.run_id:
            raise Failed("the answer is not of a model version with a run: look at the gateway's routes")
        return f"{answer.model.name} {answer.model.version}, {len(answer.spans)} mentions in {answer.latency_ms} ms"

    async def by_v2(self) -> str:
        """V2 over REST is answered, in binary tensors."""
        deadline = Deadline.after(self.timeout_seconds)
        with working_on(RequestContext(str(uuid.uuid4()), deadline)):
            response = await self.v2.infer(_V2_REQUEST)
        (spans,) = spans_of(response, 1)
        _require_entities([span.text for span in spans])
        return f"{response.model_name} {response.model_version}, {len(spans)} mentions"

    async def by_rules(self) -> str:
        """The fallback answers, and says that it did."""
        answer = await self.extract.extract(_TEXT, degradation="only")
        _require_entities(answer.entities)
        if not answer.degraded or answer.degraded_reason != "flag":
            raise Failed("the answer is not flagged as degraded")
        return f"{answer.model.name} {answer.model.version}, {len(answer.spans)} mentions in {answer.latency_ms} ms"

    async def by_event(self) -> str:
        """A job of one document, handed in as an event, is completed. Where no batch door is open, that is said."""
        data = RequestedData(documents=[InlineDocument(id="smoke", text=_TEXT)])
        job_id = f"smoke-{uuid.uuid4()}"
        try:
            await self.batch.send(event_of(data.model_copy(update={"job_id": job_id}), id=job_id, source=_SOURCE))
        except RouteNotFound:
            if self.is_batch_expected:
                raise Failed("batch work is off here: set EVENTS_SINK_URL and GATEWAY_EVENTING_URL") from None
            return "batch work is off here"
        return await self._completed(job_id)

    async def _completed(self, job_id: str) -> str:
        until = time.monotonic() + self.timeout_seconds
        while not (job := await self.batch.job(job_id)).state.is_over:
            if time.monotonic() > until:
                raise Failed(f"job {job_id} is still {job.state}: look at it with: summit job status {job_id}")
            await asyncio.sleep(_POLL_SECONDS)
        if job.state is not JobState.COMPLETED:
            raise Failed(f"job {job_id} is {job.state}: {job.reason or 'no reason is given'}")
        return f"job {job_id} completed by version {job.model_version}"


def add_arguments(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """The verb."""
    smoke = verbs.add_parser("smoke", help="go each way into a running service once, and judge what comes out")
    add_address(smoke)
    smoke.add_argument("--timeout-seconds", type=float, default=60.0, help="for each check")
    smoke.add_argument("--expect-batch", action="store_true", help="fail where batch work is off")
    smoke.add_argument("--json", action="store_true", help="one JSON document")
    smoke.set_defaults(run=run)


def run(options: argparse.Namespace, settings: CliSettings) -> int:
    """Print a verdict a check; 0 if all are passed, 1 if not."""
    url = address(options, settings)
    verdicts = asyncio.run(_verdicts(url, options, settings))
    is_passed = all(verdict.is_passed for verdict in verdicts)
    if options.json:
        put(orjson.dumps({"url": url, "passed": is_passed, "checks": [asdict(each) for each in verdicts]}).decode())
        return 0 if is_passed else 1
    for each in verdicts:
        put(f"{'passed' if each.is_passed else 'FAILED':<7} {each.check:<9} {each.seconds:6.2f} s  {each.said}")
    return 0 if is_passed else 1


async def _verdicts(url: str, options: argparse.Namespace, settings: CliSettings) -> list[Verdict]:
    token, seconds = settings.first_token(), options.timeout_seconds
    headers = {"authorization": f"Bearer {token}"} if token else {}
    async with (
        ExtractClient(url, token=token, timeout_seconds=seconds) as extract,
        Upstream(url, timeout_seconds=seconds, headers=headers) as v2,
        batch_door(options, settings) as batch,
    ):
        checks = Smoke(extract, v2, batch, seconds, options.expect_batch).checks()
        return [await _verdict(name, check) for name, check in checks.items()]


async def _verdict(name: str, check: Callable[[], Awaitable[str]]) -> Verdict:
    began = time.monotonic()
    try:
        is_passed, said = True, await check()
    except (Failed, SummitError, aiohttp.ClientError) as error:
        is_passed, said = False, str(error)
    return Verdict(name, is_passed, round(time.monotonic() - began, 3), said)


def _require_entities(found: list[str]) -> None:
    if not found:
        raise Failed(f"nothing is found in {_TEXT!r}")
