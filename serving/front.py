"""The HTTP face that every server of ours has: the V2 routes, and three for operators.

GET /health    200 while the process is alive, 503 asks for a restart
GET /ready     200 while the loaded version answers, 503 while it loads or drains
GET /metrics   Prometheus' text format
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from prometheus_client import REGISTRY, exposition

from summit_inference import __version__
from summit_inference.context import REQUEST_ID_HEADER, RequestContext
from summit_inference.errors import MethodNotAllowed, ModelNotReady, RouteNotFound, SummitError
from summit_inference.http_message import (
    HttpResponse,
    Receive,
    Scope,
    Send,
    error_response,
    headers_of,
    json_response,
    send_response,
)
from summit_inference.tensors import Servable
from summit_inference.v2_http import V2App
from summit_inference.v2_limits import Limits


@dataclass(frozen=True, slots=True)
class Served:
    """A model and the process around it, as its ports show them."""

    servable: Servable
    component: str
    limits: Limits
    is_live: Callable[[], bool] = lambda: True
    """False asks Kubernetes for a restart."""


class Front:
    """An ASGI application over one model. Paths that it does not know get the same error as everywhere."""

    def __init__(self, served: Served) -> None:
        self._served = served
        self._v2 = V2App(
            {served.servable.name: served.servable},
            server_name=f"summit-{served.component}",
            server_version=__version__,
            limits=served.limits,
            is_live=served.is_live,
        )
        self._routes: dict[str, Callable[[], Awaitable[HttpResponse]]] = {
            "/health": self._health,
            "/ready": self._ready,
            "/metrics": metrics,
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] == "/v2" or scope["path"].startswith("/v2/"):
            await self._v2(scope, receive, send)
            return
        request_id = RequestContext.from_headers(
            {REQUEST_ID_HEADER: headers_of(scope).get(REQUEST_ID_HEADER, "")}
        ).request_id
        try:
            response = await self._handler(scope)()
        except SummitError as error:
            response = error_response(error, request_id)
            if isinstance(error, MethodNotAllowed):
                response.headers["allow"] = "GET, HEAD"
        response.headers[REQUEST_ID_HEADER] = request_id
        await send_response(send, response, is_head=scope["method"] == "HEAD")

    def _handler(self, scope: Scope) -> Callable[[], Awaitable[HttpResponse]]:
        handler = self._routes.get(scope["path"])
        if handler is None:
            raise RouteNotFound("There is no such path; a model answers at /v2/models/<model>/infer.")
        if scope["method"] not in {"GET", "HEAD"}:
            raise MethodNotAllowed("This path takes GET only.")
        return handler

    async def _health(self) -> HttpResponse:
        if not self._served.is_live():
            raise ModelNotReady("The server cannot work any more; restart it.")
        return json_response({"live": True})

    async def _ready(self) -> HttpResponse:
        if not await self._served.servable.is_ready(None):
            raise ModelNotReady("The model is loading or draining; ask again.")
        return json_response({"ready": True})


async def metrics() -> HttpResponse:
    """All metrics of this process."""
    return HttpResponse(
        200, {"content-type": exposition.CONTENT_TYPE_PLAIN_0_0_4}, exposition.generate_latest(REGISTRY)
    )
