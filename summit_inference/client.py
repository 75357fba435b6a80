"""The one call upstream: V2 over HTTP, with the caller's deadline, and every failure as one of our errors.

The gateway calls the transformer with it, the transformer the predictor, the command line and eventing the gateway. It
follows no redirect, reads no proxy from the environment and keeps no cookie. It does not know what a tensor means.
"""

import asyncio
import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from types import SimpleNamespace
from typing import Any, Self
from urllib.parse import quote

import aiohttp
import orjson
from yarl import URL

from summit_inference import context, status, tracing, v2
from summit_inference.deadline import Deadline
from summit_inference.errors import (
    CallerError,
    DeadlineExceeded,
    InvalidRequest,
    ModelNotReady,
    Overloaded,
    SummitError,
    TooLarge,
    UpstreamBroken,
    UpstreamError,
    UpstreamUnreachable,
)
from summit_inference.tensors import Datatype, InferRequest, InferResponse, ModelMetadata, TensorSpec
from summit_inference.v2_limits import Limits

_LARGE_BODY_BYTES = 2**20
"""Above this, aiohttp wants a stream, so that one write does not hold the event loop."""
_MAX_RETRY_AFTER_SECONDS = 3600.0


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes


class Upstream:
    """A V2 server, and the kept-alive connections to it. Use it within one event loop, and close it there.

    `headers` go with every call (such as `Authorization`), besides those of the current request's context.
    """

    def __init__(  # noqa: PLR0913 -- each a limit with a unit
        self,
        url: str,
        *,
        connect_timeout_seconds: float = 1.0,
        timeout_seconds: float = 60.0,
        max_connections: int = 256,
        keepalive_seconds: float = 4.0,  # below the 5 s after which uvicorn closes: fewer races for a dying connection
        headers: Mapping[str, str] | None = None,
        limits: Limits | None = None,
    ) -> None:
        self.url = url.rstrip("/")
        self._connect_timeout_seconds = connect_timeout_seconds
        self._timeout_seconds = timeout_seconds
        self._max_connections = max_connections
        self._keepalive_seconds = keepalive_seconds
        self._headers = {"accept-encoding": "identity", **(headers or {})}
        self._limits = limits or Limits()
        self._opened: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def infer(self, request: InferRequest) -> InferResponse:
        """The answer, whose tensors are read-only views of the received bytes.

        Raises:
            CallerError, BusyError: the server says so, by our code or by its status.
            DeadlineExceeded: the deadline of the current request came first; the call is cancelled.
            UpstreamUnreachable: no connection, it broke before the answer was whole, or nothing came in our own time.
            UpstreamBroken: a server's error, an answer against the protocol, or one of another model version.
        """
        body, headers = v2.encode_request(request)
        url = _model_url(self.url, request.model_name, request.model_version, "/infer")
        with tracing.calling(tracing.INFER_ROUTE, self.url) as trace_headers:
            answer = _checked(await self._call("POST", url, body, {**headers, **trace_headers}))
        response = v2.decode_response(answer.body, _json_length(answer.headers), self._limits)
        if request.model_version and response.model_version not in (None, request.model_version):
            raise UpstreamBroken("The model server answered with another model version than the one that was asked.")
        return response

    async def is_ready(self, model_name: str, model_version: str | None = None) -> bool:
        """Whether `infer` would be answered now. A server that is held back while the model starts is waited for.

        Raises:
            DeadlineExceeded: as `infer`.
        """
        try:
            answer = await self._call("GET", _model_url(self.url, model_name, model_version, "/ready"))
        except UpstreamError:
            return False
        return answer.status == 200  # noqa: PLR2004

    async def metadata(self, model_name: str, model_version: str | None = None) -> ModelMetadata:
        """What the model says of itself.

        Raises:
            SummitError: as `infer`.
        """
        answer = _checked(await self._call("GET", _model_url(self.url, model_name, model_version, "")))
        return _metadata(answer.body)

    async def post(self, path: str, body: bytes, headers: Mapping[str, str]) -> bytes:
        """The body of the answer to another route of the same server.

        Raises:
            SummitError: as `infer`.
        """
        return _checked(await self._call("POST", URL(self.url + path, encoded=True), body, headers)).body

    async def aclose(self) -> None:
        """Close every connection; what is in flight fails."""
        if self._opened:
            await self._opened.close()

    async def _call(
        self, method: str, url: URL, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> _Answer:
        request = context.current()
        sent = {**self._headers, **request.as_headers(), **(headers or {})}
        seconds, on_timeout = _patience(request.deadline, self._timeout_seconds)
        with foreign_errors_mapped(on_timeout):
            async with asyncio.timeout(seconds):
                while True:
                    attempt = SimpleNamespace(is_reused=False)
                    try:
                        return await self._attempt(method, url, body, sent, attempt)
                    except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError):
                        # A kept-alive connection that the server closed meanwhile: nobody has read the request. Each
                        # round uses one of them up, and a fresh connection that breaks is the server's failure.
                        if not attempt.is_reused:
                            raise

    async def _attempt(
        self, method: str, url: URL, body: bytes, headers: Mapping[str, str], attempt: SimpleNamespace
    ) -> _Answer:
        data = io.BytesIO(body) if len(body) > _LARGE_BODY_BYTES else body or None
        async with self._session().request(
            method, url, data=data, headers=headers, allow_redirects=False, trace_request_ctx=attempt
        ) as response:
            return _Answer(response.status, response.headers, await _body(response, self._limits.max_body_bytes))

    def _session(self) -> aiohttp.ClientSession:
        # Not in __init__: a connector belongs to the event loop that runs when it is made.
        if self._opened is None:
            trace = aiohttp.TraceConfig()
            trace.on_connection_reuseconn.append(_note_reuse)
            self._opened = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=self._max_connections, keepalive_timeout=self._keepalive_seconds),
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=self._connect_timeout_seconds),
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                trust_env=False,
                trace_configs=[trace],
            )
        return self._opened


async def _note_reuse(_: aiohttp.ClientSession, trace: SimpleNamespace, __: object) -> None:
    trace.trace_request_ctx.is_reused = True


@lru_cache(maxsize=256)
def _model_url(base: str, model_name: str, model_version: str | None, action: str) -> URL:
    version = f"/versions/{quote(model_version, safe='')}" if model_version else ""
    return URL(f"{base}/v2/models/{quote(model_name, safe='')}{version}{action}", encoded=True)


async def _body(response: aiohttp.ClientResponse, limit: int) -> bytes:
    chunks: list[bytes] = []
    size = response.content_length or 0
    if size <= limit:
        size = 0
        async for chunk in response.content.iter_any():
            chunks.append(chunk)
            size += len(chunk)
            if size > limit:
                break
    if size > limit:
        raise UpstreamBroken(f"The answer of the model server is larger than {limit} bytes; ask for less at once.")
    return b"".join(chunks)


def _metadata(body: bytes) -> ModelMetadata:
    try:
        document = orjson.loads(body)
        return ModelMetadata(
            str(document["name"]),
            tuple(str(version) for version in document.get("versions") or ()),
            str(document.get("platform", "")),
            _specs(document["inputs"]),
            _specs(document["outputs"]),
            {str(name): str(value) for name, value in (document.get("properties") or {}).items()},
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UpstreamBroken("The metadata of the model server breaks the V2 protocol.") from error


def _specs(members: list[dict[str, Any]]) -> tuple[TensorSpec, ...]:
    return tuple(
        TensorSpec(str(each["name"]), Datatype(each["datatype"]), tuple(int(size) for size in each["shape"]))
        for each in members
    )


def _checked(answer: _Answer) -> _Answer:
    if answer.status == 200:  # noqa: PLR2004
        return answer
    raise error_of(answer.status, answer.headers, answer.body)


def _json_length(headers: Mapping[str, str]) -> int | None:
    try:
        return v2.json_length_of(headers)
    except CallerError as error:
        raise UpstreamBroken("The answer of the model server breaks the V2 protocol in its headers.") from error


def error_of(http_status: int, headers: Mapping[str, str], body: bytes) -> SummitError:
    """The error that this answer is: by the code in its body if it is one of ours, by its status otherwise."""
    retry_after_seconds = _retry_after_seconds(headers)
    try:
        document = orjson.loads(body)
        code, sentence = document["code"], document["error"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return _foreign_error(http_status, retry_after_seconds)
    if not isinstance(code, str) or not isinstance(sentence, str):
        return _foreign_error(http_status, retry_after_seconds)
    return status.error_with(code, sentence, retry_after_seconds=retry_after_seconds)


def _foreign_error(http_status: int, retry_after_seconds: float) -> SummitError:
    """What a status means that a proxy, an ingress or a foreign server sent."""
    said = f"The model server, or a proxy before it, answered {http_status}"
    kind, sentence = {
        400: (InvalidRequest, f"{said}: it refuses the request; compare it with the model's metadata."),
        404: (UpstreamUnreachable, f"{said}: nothing serves this model at its address."),
        413: (TooLarge, f"{said}: the request is too large for it; send less at once."),
        422: (InvalidRequest, f"{said}: it refuses the request; compare it with the model's metadata."),
        429: (Overloaded, f"{said}: it has too much to do; send the request again later."),
        503: (ModelNotReady, f"{said}: the model is not ready; send the request again later."),
    }.get(http_status, (UpstreamBroken, f"{said}, which is no answer."))
    return status.error_with(kind.code, sentence, retry_after_seconds=retry_after_seconds)


def _retry_after_seconds(headers: Mapping[str, str]) -> float:
    value = headers.get("retry-after", "")
    return min(float(value), _MAX_RETRY_AFTER_SECONDS) if value.isascii() and value.isdigit() else 1.0


def _patience(deadline: Deadline | None, own_seconds: float) -> tuple[float, SummitError]:
    """How long a call may take, and what it is when that is over: of the caller's time and ours, the shorter counts."""
    if deadline is None or deadline.remaining_seconds() > own_seconds:
        return own_seconds, UpstreamUnreachable(f"The model server did not answer within {own_seconds:g} s.")
    deadline.check()
    return deadline.remaining_seconds(), DeadlineExceeded(
        "The model did not answer within the caller's X-Request-Timeout-Ms; allow more."
    )


@contextmanager
def foreign_errors_mapped(on_timeout: SummitError) -> Iterator[None]:
    """Turn what aiohttp and the clock raise in the body into our errors."""
    try:
        yield
    except aiohttp.ServerTimeoutError as error:
        raise UpstreamUnreachable("No connection to the model server in time.") from error
    except TimeoutError as error:
        raise on_timeout from error
    except aiohttp.ClientConnectorError as error:
        raise UpstreamUnreachable("The model server takes no connection.") from error
    except (aiohttp.ClientConnectionError, aiohttp.ClientPayloadError) as error:
        raise UpstreamUnreachable("The connection to the model server broke before the answer was whole.") from error
    except aiohttp.ClientError as error:
        raise UpstreamBroken("The answer of the model server is not HTTP.") from error
