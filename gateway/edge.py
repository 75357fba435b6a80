"""The outermost layer of HTTP: every request gets an id, an answer in our form, and is counted once.

Edge: id, deadline, errors, count  ▸  Access: key, scope, quota  ▸  Paths: /extract, /v2/…, /events, /jobs, /health, …
"""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import nullcontext
from urllib.parse import parse_qs

from gateway.access import Access
from gateway.caller import POLICY_HEADER, POLICY_NAME, Caller, policy_of, serving
from gateway.degrade import Policy
from gateway.exchange import Exchange
from gateway.tally import Tally
from summit_inference import deadline, metrics
from summit_inference.context import REQUEST_ID_HEADER, working_on
from summit_inference.deadline import Clock
from summit_inference.errors import SummitError, Unauthenticated
from summit_inference.http_message import CallerGone, Receive, Scope, Send, error_response, headers_of, send_response
from summit_inference.v2_service import answerable, context_of

App = Callable[[Scope, Receive, Send], Awaitable[None]]

_REPLACED = (deadline.HEADER.encode(), REQUEST_ID_HEADER.encode())


class Edge:
    """An ASGI application around another, for requests of HTTP only."""

    def __init__(self, app: App, access: Access, tally: Tally, clock: Clock) -> None:
        self._app = app
        self._access = access
        self._tally = tally
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        arrived_at = self._clock()
        headers = headers_of(scope)
        request, fault = context_of(headers)
        caller = Caller(request, arrived_at)
        is_inference = scope["path"] == "/extract" or scope["path"].endswith("/infer")

        def count(status: int | None) -> None:
            if is_inference:
                caller.note_status(status)
                self._tally.count(caller)

        exchange = Exchange(receive, send, headers, on_end=count)
        with (
            serving(caller),
            working_on(request),
            metrics.IN_FLIGHT.track_inprogress() if is_inference else nullcontext(),
        ):
            try:
                if fault:
                    await _send_error(scope, exchange, fault, caller)
                else:
                    await self._answer(scope, exchange, headers, caller)
            finally:
                count(exchange.status)

    async def _answer(self, scope: Scope, exchange: Exchange, headers: Mapping[str, str], caller: Caller) -> None:
        try:
            caller.policy = _policy(headers, scope["query_string"])
            with self._access.admitted(scope["method"], scope["path"], headers, caller):
                await self._app(_inner(scope, caller), exchange.receive, exchange.send)
        except CallerGone:
            return
        except Exception as error:
            if exchange.status is not None:
                raise
            await _send_error(scope, exchange, answerable(error), caller)


async def _send_error(scope: Scope, exchange: Exchange, error: SummitError, caller: Caller) -> None:
    caller.note_error(error)
    response = error_response(error, caller.request.request_id)
    if isinstance(error, Unauthenticated):
        response.headers["www-authenticate"] = "Bearer"
    await send_response(exchange.send, response, is_head=scope["method"] == "HEAD")


def _policy(headers: Mapping[str, str], query: bytes) -> Policy | None:
    asked = headers.get(POLICY_HEADER)
    if asked is None and query:
        asked = parse_qs(query.decode("latin-1")).get(POLICY_NAME, [None])[-1]
    return policy_of(asked)


def _inner(scope: Scope, caller: Caller) -> Scope:
    """The scope for the applications inside, which read their own context from it.

    The id is the one we chose, and there is no deadline: the gateway keeps it by degrading, they by failing.
    """
    kept = [pair for pair in scope["headers"] if pair[0].lower() not in _REPLACED]
    request_id = (REQUEST_ID_HEADER.encode(), caller.request.request_id.encode())
    return {**scope, "headers": [*kept, request_id]}
