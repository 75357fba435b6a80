"""The V2 protocol over HTTP, as a plain ASGI application: alone under a server, or mounted in any framework.

Routes, all of them with JSON answers:

    GET  /v2                                            what the server is
    GET  /v2/health/live  /v2/health/ready              200 or 503
    GET  /v2/models/<m>[/versions/<v>]                  what the model is
    GET  /v2/models/<m>[/versions/<v>]/ready            200 or 503
    POST /v2/models/<m>[/versions/<v>]/infer            one inference
"""

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from summit_inference import tracing
from summit_inference.context import REQUEST_ID_HEADER, RequestContext, working_on
from summit_inference.errors import MethodNotAllowed, ModelNotReady, RouteNotFound, SummitError
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
    unless_gone,
)
from summit_inference.tensors import Servable
from summit_inference.v2 import EXTENSIONS, decode_request, encode_response, json_length_of, metadata_document
from summit_inference.v2_limits import Limits
from summit_inference.v2_service import V2Service, answerable, context_of, version_header, within

_PREFIX = "/v2"
_MODEL = r"/v2/models/(?P<name>[^/]+)(?:/versions/(?P<version>[^/]+))?"


@dataclass(frozen=True, slots=True)
class _Call:
    """One request of a route."""

    headers: Mapping[str, str]
    receive: Receive
    model_name: str = ""
    model_version: str | None = None


_Handler = Callable[[_Call], Awaitable[HttpResponse]]


class V2App:
    """An ASGI 3 application over the models of one server."""

    def __init__(
        self,
        servables: Mapping[str, Servable],
        *,
        server_name: str,
        server_version: str,
        limits: Limits | None = None,
        is_live: Callable[[], bool] = lambda: True,
    ) -> None:
        self._service = V2Service(servables, server_name=server_name, server_version=server_version, is_live=is_live)
        self._limits = limits or Limits()
        self._routes: tuple[tuple[re.Pattern[str], tuple[str, ...], _Handler], ...] = (
            (re.compile(f"{_MODEL}/infer"), ("POST",), self._infer),
            (re.compile(f"{_MODEL}/ready"), ("GET", "HEAD"), self._model_ready),
            (re.compile(_MODEL), ("GET", "HEAD"), self._model_metadata),
            (re.compile(r"/v2/health/ready"), ("GET", "HEAD"), self._ready),
            (re.compile(r"/v2/health/live"), ("GET", "HEAD"), self._live),
            (re.compile(r"/v2/?"), ("GET", "HEAD"), self._server_metadata),
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close"})
        else:
            await self._http(scope, receive, send)

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = headers_of(scope)
        context, fault = context_of(headers)
        try:
            with working_on(context):
                response = await self._answer(scope, _Call(headers, receive), context, fault)
        except CallerGone:
            return
        response.headers[REQUEST_ID_HEADER] = context.request_id
        await send_response(send, response, is_head=scope["method"] == "HEAD")

    async def _answer(
        self, scope: Scope, call: _Call, context: RequestContext, fault: SummitError | None
    ) -> HttpResponse:
        if fault:
            return error_response(fault, context.request_id)
        try:
            async with within(context.deadline):
                return await self._routed(scope, call, context)
        except CallerGone:
            raise
        except Exception as error:  # noqa: BLE001 -- the root of a request: whatever it is, the caller gets an answer
            return error_response(answerable(error), context.request_id)

    async def _routed(self, scope: Scope, call: _Call, context: RequestContext) -> HttpResponse:
        path = _path(scope)
        for pattern, methods, handler in self._routes:
            found = pattern.fullmatch(path)
            if found is None:
                continue
            if scope["method"] not in methods:
                return _method_not_allowed(methods, context.request_id)
            model = found.groupdict()
            return await handler(_Call(call.headers, call.receive, model.get("name", ""), model.get("version")))
        raise RouteNotFound("There is no such path; a model answers at /v2/models/<model>/infer.")

    async def _server_metadata(self, _call: _Call) -> HttpResponse:
        return json_response(
            {
                "name": self._service.server_name,
                "version": self._service.server_version,
                "extensions": list(EXTENSIONS),
            }
        )

    async def _live(self, _call: _Call) -> HttpResponse:
        if not self._service.is_live():
            raise ModelNotReady("The server is stopping; ask another.")
        return json_response({"live": True})

    async def _ready(self, _call: _Call) -> HttpResponse:
        if not await self._service.is_ready():
            raise ModelNotReady("A model of this server is loading or draining; ask again.")
        return json_response({"ready": True})

    async def _model_ready(self, call: _Call) -> HttpResponse:
        if not await self._service.is_model_ready(call.model_name, call.model_version):
            raise ModelNotReady("The model is loading or draining; ask again.")
        return json_response({"name": call.model_name, "ready": True})

    async def _model_metadata(self, call: _Call) -> HttpResponse:
        return json_response(metadata_document(await self._service.metadata(call.model_name, call.model_version)))

    async def _infer(self, call: _Call) -> HttpResponse:
        with tracing.serving(tracing.INFER_ROUTE):
            return await self._inferred(call)

    async def _inferred(self, call: _Call) -> HttpResponse:
        self._service.servable(call.model_name)  # refused before the body is read
        body = await read_body(
            call.receive,
            call.headers,
            self._limits.max_body_bytes,
            timeout_seconds=self._limits.body_timeout_seconds,
        )
        request = decode_request(call.model_name, call.model_version, body, json_length_of(call.headers), self._limits)
        response = await unless_gone(call.receive, self._service.infer(request))
        content, headers = encode_response(response, request)
        return HttpResponse(200, {**headers, **version_header(response)}, content)


def _path(scope: Scope) -> str:
    """The path from /v2 on: behind whatever the application is mounted under, /v2 itself included."""
    path: str = scope["path"]
    root: str = scope.get("root_path", "").rstrip("/")
    if root and (path == root or path.startswith(f"{root}/")):
        path = path[len(root) :]
        return _PREFIX + path if root.endswith(_PREFIX) else path
    return path


def _method_not_allowed(methods: tuple[str, ...], request_id: str) -> HttpResponse:
    allowed = ", ".join(methods)
    response = error_response(MethodNotAllowed(f"This path takes {allowed} only."), request_id)
    response.headers["allow"] = allowed
    return response


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
