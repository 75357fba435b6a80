"""Which path leads where, and with which method."""

from collections.abc import Awaitable, Callable, Mapping

from summit_inference import context
from summit_inference.errors import MethodNotAllowed, RouteNotFound
from summit_inference.http_message import HttpResponse, Receive, Scope, Send, error_response, send_response

Route = Callable[[Scope, Receive], Awaitable[HttpResponse]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


class Paths:
    """An ASGI application over routes by path and method (HEAD is a GET without its body), and V2 below /v2.

    What is `below` a path, the path itself included, goes to one route whatever the method.
    """

    def __init__(
        self, routes: Mapping[str, Mapping[str, Route]], v2: App, below: Mapping[str, Route] | None = None
    ) -> None:
        self._routes = routes
        self._v2 = v2
        self._below = below or {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path, method = scope["path"], scope["method"]
        if path == "/v2" or path.startswith("/v2/"):
            await self._v2(scope, receive, send)
            return
        response = await self._routed(path, method, scope, receive)
        response.headers[context.REQUEST_ID_HEADER] = context.current().request_id
        await send_response(send, response, is_head=method == "HEAD")

    async def _routed(self, path: str, method: str, scope: Scope, receive: Receive) -> HttpResponse:
        below = self._below.get(f"/{path[1:].partition('/')[0]}")
        if below:
            return await below(scope, receive)
        by_method = self._routes.get(path)
        if by_method is None:
            known = ", ".join([*self._routes, *(f"{prefix}/…" for prefix in ("/v2", *self._below))])
            raise RouteNotFound(f"There is no such path; there are {known}.")
        route = by_method.get("GET" if method == "HEAD" else method)
        return await route(scope, receive) if route else _not_allowed(by_method)


def _not_allowed(by_method: Mapping[str, Route]) -> HttpResponse:
    allowed = ", ".join(by_method)
    response = error_response(MethodNotAllowed(f"This path takes {allowed} only."), context.current().request_id)
    response.headers["allow"] = allowed
    return response
