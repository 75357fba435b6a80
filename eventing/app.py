"""The sink and the desks as a plain ASGI application. A request is answered when its work is done, and not before."""

from dataclasses import dataclass

from pydantic import BaseModel

from eventing.bell import Bell
from eventing.dead_letter import DeadLetters
from eventing.job_desk import JobDesk
from eventing.quarantine import QuarantineDesk
from eventing.routes import Call, Route, Routes
from eventing.sink import Sink
from serving.drain import Drain
from serving.front import metrics
from summit_inference.cloudevent import Event, HttpMessage, decoded
from summit_inference.context import REQUEST_ID_HEADER, current, working_on
from summit_inference.errors import CallerError, InvalidRequest, ModelNotReady, SummitError
from summit_inference.http_message import (
    CallerGone,
    HttpResponse,
    Receive,
    Scope,
    Send,
    error_response,
    headers_of,
    json_response,
    read_body,
    send_response,
)
from summit_inference.jobs import JobList, JobState, QuarantineList
from summit_inference.v2_service import answerable, context_of

_ACCEPTED, _UNPROCESSABLE = 202, 422
_RETRIED_BY_BROKERS = frozenset({404, 408, 409, 429})
"""Statuses below 500 that brokers send again: none of them is an answer to an event that is wrong."""
_JOB, _ENTRY = "/jobs/(?P<job_id>[^/]+)", "/quarantine/(?P<entry_id>[^/]+)"


@dataclass(frozen=True, slots=True)
class Parts:
    """What the application is a face of."""

    sink: Sink
    dead_letters: DeadLetters
    jobs: JobDesk
    quarantine: QuarantineDesk
    drain: Drain
    bell: Bell
    max_body_bytes: int


class App:
    """An ASGI 3 application."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._routes = Routes(
            [
                Route("POST", "/|/events", self._event),
                Route("POST", "/dead-letters", self._dead_letter),
                Route("GET", "/jobs", self._jobs),
                Route("GET", _JOB, self._job),
                Route("POST", f"{_JOB}/cancel", self._cancel),
                Route("POST", f"{_JOB}/retry", self._retry),
                Route("GET", "/quarantine", self._entries),
                Route("GET", _ENTRY, self._entry),
                Route("POST", f"{_ENTRY}/replay", self._replay),
                Route("POST", f"{_ENTRY}/drop", self._drop),
                Route("GET", "/health", self._health),
                Route("GET", "/ready", self._ready),
                Route("GET", "/metrics", lambda _: metrics()),
            ]
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        context, fault = context_of(headers_of(scope))
        try:
            with working_on(context):
                response = await self._answer(scope, receive, context.request_id, fault)
        except CallerGone:
            return
        response.headers[REQUEST_ID_HEADER] = context.request_id
        await send_response(send, response, is_head=scope["method"] == "HEAD")

    async def _answer(self, scope: Scope, receive: Receive, request_id: str, fault: SummitError | None) -> HttpResponse:
        if fault:
            return error_response(fault, request_id)
        try:
            return await self._routes(scope, receive)
        except CallerGone:
            raise
        except Exception as error:  # noqa: BLE001 - the root of a request: whatever it is, the sender gets an answer
            return error_response(answerable(error), request_id)

    async def _event(self, call: Call) -> HttpResponse:
        try:
            await self._parts.sink.receive(await self._decoded(call))
        except CallerError as error:
            return _final(error)
        finally:
            self._parts.bell.ring()
        return HttpResponse(_ACCEPTED, {}, b"")

    async def _dead_letter(self, call: Call) -> HttpResponse:
        await self._parts.dead_letters.receive(await self._decoded(call))
        return HttpResponse(_ACCEPTED, {}, b"")

    async def _decoded(self, call: Call) -> Event:
        headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in call.scope["headers"]]
        body = await read_body(call.receive, headers_of(call.scope), self._parts.max_body_bytes)
        return decoded(HttpMessage(headers, body))

    async def _jobs(self, call: Call) -> HttpResponse:
        limit, state = call.limit(), call.query("state")
        if state is not None and state not in set(JobState):
            raise InvalidRequest(f"?state= must be one of {', '.join(JobState)}.")
        wanted = JobState(state) if state else None
        found = await self._parts.jobs.list(state=wanted, limit=limit, after=call.query("after"))
        return _message(JobList(jobs=found, next=found[-1].job_id if len(found) == limit else None))

    async def _job(self, call: Call) -> HttpResponse:
        return _message(await self._parts.jobs.status(call.names["job_id"]))

    async def _cancel(self, call: Call) -> HttpResponse:
        return _message(await self._parts.jobs.cancel(call.names["job_id"]))

    async def _retry(self, call: Call) -> HttpResponse:
        status = await self._parts.jobs.retry(call.names["job_id"])
        self._parts.bell.ring()
        return _message(status)

    async def _entries(self, call: Call) -> HttpResponse:
        limit = call.limit()
        found = await self._parts.quarantine.entries(state=call.query("state"), limit=limit, after=call.query("after"))
        return _message(QuarantineList(entries=found, next=found[-1].id if len(found) == limit else None))

    async def _entry(self, call: Call) -> HttpResponse:
        return _message(await self._parts.quarantine.show(call.names["entry_id"]))

    async def _replay(self, call: Call) -> HttpResponse:
        shown = await self._parts.quarantine.replay(call.names["entry_id"])
        self._parts.bell.ring()
        return _message(shown)

    async def _drop(self, call: Call) -> HttpResponse:
        return _message(await self._parts.quarantine.drop(call.names["entry_id"]))

    async def _health(self, _: Call) -> HttpResponse:
        return json_response({"live": True})

    async def _ready(self, _: Call) -> HttpResponse:
        if self._parts.drain.has_begun:
            raise ModelNotReady("Eventing is draining; ask another.")
        return json_response({"ready": True})


def _message(message: BaseModel) -> HttpResponse:
    return HttpResponse(200, {"content-type": "application/json"}, message.model_dump_json().encode())


def _final(error: CallerError) -> HttpResponse:
    """An answer after which no broker sends the event again."""
    response = error_response(error, current().request_id)
    return response._replace(status=_UNPROCESSABLE) if response.status in _RETRIED_BY_BROKERS else response
