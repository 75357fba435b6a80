"""A server behind the gateway that callers speak to through it: their request goes on as it came, keys left out.

For the broker of events, and for eventing's jobs and quarantine. What is answered is theirs if it is an answer of ours
(an error has our form) or a success; everything else becomes an error of ours, so that no foreign text leaks.
"""

import asyncio
from collections.abc import Mapping

import aiohttp
import orjson
from yarl import URL

from gateway.caller import current
from summit_inference.context import RequestContext
from summit_inference.errors import (
    InvalidRequest,
    Overloaded,
    RouteNotFound,
    SummitError,
    TooLarge,
    UpstreamBroken,
    UpstreamUnreachable,
)
from summit_inference.http_message import HttpResponse, Receive, Scope, headers_of, read_body
from summit_inference.v2_limits import Limits

_FORWARDED = frozenset({"accept", "content-encoding", "content-type"})
_EVENT_PREFIX = "ce-"
"""Attributes of a CloudEvent in binary mode (CloudEvents HTTP 3.1.3)."""
_RETURNED = ("content-type", "location", "retry-after", "allow")
_ERROR_MEMBERS = frozenset({"error", "code"})


class Relay:
    """One such server. Use it within one event loop, and close it there."""

    def __init__(self, url: str, limits: Limits, timeout_seconds: float) -> None:
        self._url = url.rstrip("/")
        self._limits = limits
        self._timeout_seconds = timeout_seconds
        self._opened: aiohttp.ClientSession | None = None

    async def to_url(self, scope: Scope, receive: Receive) -> HttpResponse:
        """The answer to the request at the server's own URL, whatever the path here."""
        return await self._forwarded(self._url, scope, receive)

    async def to_path(self, scope: Scope, receive: Receive) -> HttpResponse:
        """The answer to the request at the same path there, query included."""
        path = scope["raw_path"].decode("latin-1")
        if any(part in {".", ".."} for part in scope["path"].split("/")):
            raise RouteNotFound("A path with . or .. leads nowhere.")
        query = scope["query_string"].decode("latin-1")
        return await self._forwarded(f"{self._url}{path}{'?' if query else ''}{query}", scope, receive)

    async def aclose(self) -> None:
        """Close every connection."""
        if self._opened:
            await self._opened.close()

    async def _forwarded(self, url: str, scope: Scope, receive: Receive) -> HttpResponse:
        headers, request = headers_of(scope), current().request
        as_it_came = {**headers, "content-encoding": "identity"}
        body = await read_body(
            receive, as_it_came, self._limits.max_body_bytes, timeout_seconds=self._limits.body_timeout_seconds
        )
        sent = {**_forwarded_headers(headers), **request.as_headers()}
        try:
            async with asyncio.timeout(self._patience(request)):
                return await self._asked(scope["method"], URL(url, encoded=True), sent, body)
        except (aiohttp.ClientError, TimeoutError) as error:
            raise UpstreamUnreachable("Batch work is out of reach; send the same request again later.") from error

    async def _asked(self, method: str, url: URL, headers: Mapping[str, str], body: bytes) -> HttpResponse:
        async with self._session().request(
            method, url, headers=headers, data=body or None, allow_redirects=False
        ) as response:
            content = await self._content(response)
            if response.status >= 300 and not _is_ours(content):  # noqa: PLR2004
                raise _foreign_error(response.status)
            returned = {name: response.headers[name] for name in _RETURNED if name in response.headers}
            return HttpResponse(response.status, returned, content)

    async def _content(self, response: aiohttp.ClientResponse) -> bytes:
        content = bytearray()
        async for chunk in response.content.iter_any():
            content += chunk
            if len(content) > self._limits.max_body_bytes:
                raise UpstreamBroken("The answer of batch work is too large to be passed on; ask for less at once.")
        return bytes(content)

    def _patience(self, request: RequestContext) -> float:
        if request.deadline is None:
            return self._timeout_seconds
        request.deadline.check()
        return min(self._timeout_seconds, request.deadline.remaining_seconds())

    def _session(self) -> aiohttp.ClientSession:
        # Not in __init__: a connector belongs to the event loop that runs when it is made.
        if self._opened is None:
            self._opened = aiohttp.ClientSession(
                # A new connection each: one that is kept alive may be closed while an event is on its way.
                connector=aiohttp.TCPConnector(force_close=True),
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                trust_env=False,
                skip_auto_headers=("accept", "accept-encoding", "content-type", "user-agent"),
                timeout=aiohttp.ClientTimeout(total=None),
            )
        return self._opened


def _forwarded_headers(headers: Mapping[str, str]) -> dict[str, str]:
    kept = {name: value for name, value in headers.items() if name in _FORWARDED or name.startswith(_EVENT_PREFIX)}
    if not all(value.isascii() for value in kept.values()):
        raise InvalidRequest("A header has characters beyond ASCII; percent-encode them, as CloudEvents asks.")
    return kept


def _is_ours(content: bytes) -> bool:
    try:
        document = orjson.loads(content)
    except orjson.JSONDecodeError:
        return False
    return isinstance(document, dict) and document.keys() >= _ERROR_MEMBERS


def _foreign_error(status: int) -> SummitError:
    """What a status means that a broker, or a proxy before it, sent."""
    said = f"The broker, or a proxy before it, answered {status}"
    match status:
        case 400 | 415 | 422:
            return InvalidRequest(f"{said}: it refuses the event; check its attributes and content type.")
        case 413:
            return TooLarge(f"{said}: the event is too large for it; send its documents by reference.")
        case 429:
            return Overloaded(f"{said}: it has too much to do; send the event again later.")
        case 503:
            return UpstreamUnreachable(f"{said}: nobody takes events there now; send the event again later.")
    return UpstreamBroken(f"{said}, which is no answer.")
