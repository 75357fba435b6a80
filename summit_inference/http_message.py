"""HTTP requests and answers over plain ASGI: bounded bodies, and the one form of every error.

For every server of the project, whatever its framework. Does not know the V2 protocol.
"""

import asyncio
import math
import re
import zlib
from collections.abc import Awaitable, Callable, Coroutine, Mapping, MutableMapping
from typing import Any, NamedTuple, TypeVar

import orjson

from summit_inference import context
from summit_inference.context import REQUEST_ID_HEADER
from summit_inference.errors import BusyError, InvalidRequest, SummitError, TooLarge
from summit_inference.status import status_of

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

_Result = TypeVar("_Result")
_ENCODINGS = ("gzip", "deflate")
_COUNT = re.compile("[0-9]{1,15}")
_GZIP_OR_ZLIB = zlib.MAX_WBITS | 32


class CallerGone(Exception):
    """The caller closed the connection: there is nobody to answer."""


class HttpResponse(NamedTuple):
    """An answer that is whole."""

    status: int
    headers: dict[str, str]
    body: bytes


def headers_of(scope: Scope) -> dict[str, str]:
    """The request's headers, names in lower case; of one that is repeated, the last."""
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}


def json_response(document: Mapping[str, object], status: int = 200) -> HttpResponse:
    """The document as an answer."""
    return HttpResponse(status, {"content-type": "application/json"}, orjson.dumps(document))


def error_response(error: SummitError, request_id: str) -> HttpResponse:
    """The one form of an error: `{"error": sentence, "code": reason, "request_id": id}`, status by `status.py`.

    Within a request that is traced it has the `trace_id` too.
    """
    document = {"error": error.message, "code": error.code, "request_id": request_id}
    request = context.current_or_none()
    if request and (trace_id := request.trace_id):
        document["trace_id"] = trace_id
    response = json_response(document, status_of(error).http)
    response.headers[REQUEST_ID_HEADER] = request_id
    if (seconds := retry_after_seconds(error)) is not None:
        response.headers["retry-after"] = str(seconds)
    return response


def retry_after_seconds(error: SummitError) -> int | None:
    """Whole seconds, at least 1: what `Retry-After` says. None where sending the request again does not help."""
    if not status_of(error).is_retryable:
        return None
    return max(1, math.ceil(error.retry_after_seconds)) if isinstance(error, BusyError) else 1


async def send_response(send: Send, response: HttpResponse, *, is_head: bool = False) -> None:
    """Send the answer; to a HEAD request without its body."""
    headers = {**response.headers, "content-length": str(len(response.body))}
    raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": response.status, "headers": raw})
    await send({"type": "http.response.body", "body": b"" if is_head else response.body})


async def read_body(
    receive: Receive, headers: Mapping[str, str], max_bytes: int, *, timeout_seconds: float = 30.0
) -> bytes:
    """The request's body, inflated if its Content-Encoding is gzip or deflate; never more than `max_bytes` are held.

    Raises:
        TooLarge: it is longer, as received or inflated.
        InvalidRequest: it is encoded otherwise, cannot be inflated, or does not arrive in time.
        CallerGone: it did not arrive whole.
    """
    encoding = headers.get("content-encoding", "identity").strip().lower()
    if encoding not in (*_ENCODINGS, "identity", ""):
        raise InvalidRequest("Content-Encoding must be gzip, deflate or none.")
    declared = headers.get("content-length", "0")
    if _COUNT.fullmatch(declared) and int(declared) > max_bytes:
        raise _too_large(max_bytes)
    try:
        async with asyncio.timeout(timeout_seconds):
            body = await _received(receive, max_bytes)
    except TimeoutError:
        raise InvalidRequest(f"The body did not arrive within {timeout_seconds:g} s; send it in one go.") from None
    return await asyncio.to_thread(_inflated, body, max_bytes) if encoding in _ENCODINGS else body


async def unless_gone(receive: Receive, work: Coroutine[Any, Any, _Result]) -> _Result:
    """What `work` returns; it is cancelled when the caller closes the connection. To be called after `read_body`.

    Raises:
        CallerGone: the caller did.
    """
    this = _this_task()
    is_gone = False

    def leave(_: asyncio.Task[None]) -> None:
        nonlocal is_gone
        is_gone = True
        this.cancel()

    watch = asyncio.ensure_future(_disconnect(receive))
    watch.add_done_callback(leave)
    try:
        return await work
    except asyncio.CancelledError:
        if not is_gone or this.uncancel():  # someone else cancelled this task, too
            raise
        watch.result()
        raise CallerGone from None
    finally:
        watch.remove_done_callback(leave)
        watch.cancel()


def _this_task() -> asyncio.Task[Any]:
    task = asyncio.current_task()
    if task is None:
        raise RuntimeError("there is no task to cancel")
    return task


async def _received(receive: Receive, max_bytes: int) -> bytes:
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise CallerGone
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > max_bytes:
            raise _too_large(max_bytes)
        chunks.append(chunk)
        if not message.get("more_body", False):
            return chunks[0] if len(chunks) == 1 else b"".join(chunks)


async def _disconnect(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _inflated(body: bytes, max_bytes: int) -> bytes:
    inflater = zlib.decompressobj(_GZIP_OR_ZLIB)
    try:
        inflated = inflater.decompress(body, max_bytes + 1)
    except zlib.error:
        raise InvalidRequest("The body is not what its Content-Encoding says.") from None
    if len(inflated) > max_bytes:
        raise _too_large(max_bytes)
    if not inflater.eof or inflater.unused_data:
        raise InvalidRequest("The compressed body must be one whole stream, with nothing behind it.")
    return inflated


def _too_large(max_bytes: int) -> TooLarge:
    return TooLarge(f"The body is over {max_bytes} bytes; send less at once, in several requests.")
