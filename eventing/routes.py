"""Which path leads where.

POST /, /events                     one CloudEvent: 202 with an empty body, 4xx drop it, 429 and 5xx send it again
POST /dead-letters                  one CloudEvent that the broker gave up on
GET  /jobs, /jobs/<id>              the newest first (?state=, ?limit=, ?after=); one
POST /jobs/<id>/cancel, …/retry
GET  /quarantine, /quarantine/<id>
POST /quarantine/<id>/replay, …/drop
GET  /health, /ready, /metrics
"""

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qs, unquote

from summit_inference.errors import InvalidRequest, MethodNotAllowed, RouteNotFound
from summit_inference.http_message import HttpResponse, Receive, Scope

_MAX_LIMIT, _LIMIT = 500, 50


@dataclass(frozen=True, slots=True)
class Call:
    """One request of a route."""

    scope: Scope
    receive: Receive
    names: Mapping[str, str]
    """What the path's pattern names."""

    def query(self, name: str) -> str | None:
        """The last value of a query parameter, None without one."""
        values = parse_qs(self.scope["query_string"].decode("latin-1")).get(name)
        return values[-1] if values else None

    def limit(self) -> int:
        """How many entries of a list are asked for.

        Raises:
            InvalidRequest: it is no number from 1 to 500.
        """
        asked = self.query("limit") or str(_LIMIT)
        if not re.fullmatch("[0-9]{1,3}", asked) or not 1 <= int(asked) <= _MAX_LIMIT:
            raise InvalidRequest(f"?limit= must be a whole number from 1 to {_MAX_LIMIT}.")
        return int(asked)


Handler = Callable[[Call], Awaitable[HttpResponse]]


@dataclass(frozen=True, slots=True)
class Route:
    """One path with one method."""

    method: str
    pattern: str
    handler: Handler


class Routes:
    """All paths."""

    def __init__(self, routes: Sequence[Route]) -> None:
        self._routes = [(re.compile(route.pattern), route) for route in routes]

    async def __call__(self, scope: Scope, receive: Receive) -> HttpResponse:
        """The answer of the route that fits.

        Raises:
            RouteNotFound, MethodNotAllowed: none does.
            SummitError: as the route.
        """
        found = [(pattern.fullmatch(scope["path"]), route) for pattern, route in self._routes]
        fitting = [(match, route) for match, route in found if match]
        if not fitting:
            raise RouteNotFound("There is no such path; there are /events, /jobs and /quarantine.")
        method = "GET" if scope["method"] == "HEAD" else scope["method"]
        for match, route in fitting:
            if route.method == method:
                names = {name: unquote(value) for name, value in match.groupdict().items()}
                return await route.handler(Call(scope, receive, names))
        allowed = ", ".join(route.method for _, route in fitting)
        raise MethodNotAllowed(f"This path takes {allowed} only.")
