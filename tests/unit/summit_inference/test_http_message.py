import asyncio
import gzip
import json
import zlib
from collections.abc import Mapping, MutableMapping
from typing import Any

import pytest

from summit_inference.context import RequestContext, working_on
from summit_inference.errors import InvalidRequest, Overloaded, RouteNotFound, TooLarge
from summit_inference.http_message import (
    CallerGone,
    HttpResponse,
    Receive,
    error_response,
    headers_of,
    json_response,
    read_body,
    retry_after_seconds,
    send_response,
    unless_gone,
)


def receiving(*messages: dict[str, Any]) -> Receive:
    """What a server gives: these messages, and then nothing until the caller hangs up, which it never does."""
    left = list(messages)

    async def receive() -> MutableMapping[str, Any]:
        return left.pop(0) if left else await asyncio.Event().wait()  # type: ignore[return-value]

    return receive


def parts(*chunks: bytes) -> Receive:
    last = len(chunks) - 1
    return receiving(
        *({"type": "http.request", "body": chunk, "more_body": at < last} for at, chunk in enumerate(chunks))
    )


_GONE = {"type": "http.disconnect"}


async def test_a_body_is_read_to_its_end() -> None:
    assert await read_body(parts(b"ab"), {}, 10) == b"ab"
    assert await read_body(parts(b"a", b"", b"bc"), {}, 10) == b"abc"
    assert await read_body(receiving({"type": "http.request"}), {}, 10) == b""


async def test_a_body_over_the_limit_is_refused_by_its_declared_length_without_reading_it() -> None:
    with pytest.raises(TooLarge, match="over 10 bytes"):
        await read_body(receiving(), {"content-length": "11"}, 10)


@pytest.mark.parametrize("declared", ["", "x", "-1", "²", "9" * 5000])
async def test_a_declared_length_that_is_none_is_not_believed(declared: str) -> None:
    assert await read_body(parts(b"a"), {"content-length": declared}, 10) == b"a"


async def test_a_body_that_does_not_arrive_is_not_waited_for() -> None:
    started = receiving({"type": "http.request", "body": b"a", "more_body": True})
    with pytest.raises(InvalidRequest, match=r"within 0\.01 s"):
        await read_body(started, {}, 10, timeout_seconds=0.01)


async def test_a_body_over_the_limit_is_refused_while_it_is_read() -> None:
    with pytest.raises(TooLarge):
        await read_body(parts(b"12345", b"678901", b"never read"), {}, 10)
    assert await read_body(parts(b"12345", b"67890"), {}, 10) == b"1234567890"


@pytest.mark.parametrize("compress", [gzip.compress, zlib.compress])
@pytest.mark.parametrize("encoding", ["gzip", "deflate", " GZIP "])
async def test_a_compressed_body_is_inflated(compress: Any, encoding: str) -> None:
    assert await read_body(parts(compress(b"a" * 10)), {"content-encoding": encoding}, 100) == b"a" * 10


async def test_a_body_that_inflates_beyond_the_limit_is_refused() -> None:
    bomb = gzip.compress(b"\0" * 1_000_000)
    with pytest.raises(TooLarge):
        await read_body(parts(bomb), {"content-encoding": "gzip"}, 10_000)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"no gzip", id="not compressed"),
        pytest.param(b"", id="nothing"),
        pytest.param(gzip.compress(b"abc")[:-9], id="cut"),
        pytest.param(gzip.compress(b"abc") + b"x", id="something behind"),
    ],
)
async def test_a_broken_compressed_body_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidRequest, match=r"compressed|Content-Encoding"):
        await read_body(parts(body), {"content-encoding": "gzip"}, 100)


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, gzip", "x"])
async def test_another_encoding_is_refused_with_those_that_are_read(encoding: str) -> None:
    with pytest.raises(InvalidRequest, match="gzip, deflate or none"):
        await read_body(parts(b""), {"content-encoding": encoding}, 100)


async def test_a_caller_that_hangs_up_before_its_body_is_whole_is_gone() -> None:
    with pytest.raises(CallerGone):
        await read_body(receiving({"type": "http.request", "body": b"a", "more_body": True}, _GONE), {}, 10)


async def test_work_returns_its_result_while_the_caller_waits() -> None:
    async def work() -> int:
        await asyncio.sleep(0)
        return 42

    assert await unless_gone(receiving(), work()) == 42
    await asyncio.sleep(0)
    assert len(asyncio.all_tasks()) == 1


async def test_work_raises_its_own_error() -> None:
    async def work() -> int:
        raise RouteNotFound("none")

    with pytest.raises(RouteNotFound):
        await unless_gone(receiving(), work())


async def test_work_is_cancelled_when_the_caller_hangs_up() -> None:
    cancelled = []

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.append(True)
            raise

    with pytest.raises(CallerGone):
        await unless_gone(receiving({"type": "http.request", "body": b""}, _GONE), work())
    assert cancelled == [True]
    this = asyncio.current_task()
    assert this
    assert this.cancelling() == 0
    await asyncio.sleep(0)
    assert asyncio.all_tasks() == {this}


async def test_work_is_cancelled_when_the_request_is() -> None:
    started = asyncio.Event()
    finished = []

    async def work() -> None:
        started.set()
        try:
            await asyncio.Event().wait()
        finally:
            finished.append(True)

    request = asyncio.ensure_future(unless_gone(receiving(), work()))
    await started.wait()
    request.cancel()
    with pytest.raises(asyncio.CancelledError):
        await request
    assert finished == [True]


async def test_a_cancellation_from_outside_counts_even_as_the_caller_hangs_up() -> None:
    async def work() -> None:
        await asyncio.Event().wait()

    request = asyncio.ensure_future(unless_gone(receiving(_GONE), work()))
    await asyncio.sleep(0)  # the request begins
    await asyncio.sleep(0)  # it learns that the caller has gone, and has not yet been told
    request.cancel()
    with pytest.raises(asyncio.CancelledError):
        await request


async def test_a_deadline_around_the_work_is_kept() -> None:
    async def work() -> None:
        await asyncio.Event().wait()

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await unless_gone(receiving(), work())


def test_an_error_has_one_form() -> None:
    status, headers, body = error_response(RouteNotFound("There is no such path."), "r1")
    assert status == 404
    assert headers == {"content-type": "application/json", "x-request-id": "r1"}
    assert json.loads(body) == {"error": "There is no such path.", "code": "route_not_found", "request_id": "r1"}


def test_an_error_of_a_traced_request_says_which_trace_has_it() -> None:
    trace = {"traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}
    with working_on(RequestContext("r1", trace=trace)):
        body = json.loads(error_response(RouteNotFound("There is no such path."), "r1").body)
    assert body["trace_id"] == "4bf92f3577b34da6a3ce929d0e0e4736"


@pytest.mark.parametrize(("seconds", "whole"), [(0, 1), (0.2, 1), (1, 1), (1.01, 2), (30, 30)])
def test_a_busy_server_says_when_to_come_back_in_whole_seconds(seconds: float, whole: int) -> None:
    busy = Overloaded("Full.", retry_after_seconds=seconds)
    assert retry_after_seconds(busy) == whole
    assert error_response(busy, "r1").headers["retry-after"] == str(whole)


def test_names_of_headers_are_lower_case_and_the_last_of_two_counts() -> None:
    assert headers_of({"headers": [(b"X-A", b"1"), (b"x-a", b"2"), (b"B", b"\xe9")]}) == {"x-a": "2", "b": "é"}


@pytest.mark.parametrize(("is_head", "body"), [(False, b"abc"), (True, b"")])
async def test_an_answer_to_head_has_the_headers_of_get_and_no_body(is_head: bool, body: bytes) -> None:  # noqa: FBT001
    sent: list[Mapping[str, Any]] = []

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    await send_response(send, HttpResponse(201, {"x-a": "1"}, b"abc"), is_head=is_head)
    start, end = sent
    assert (start["status"], start["headers"]) == (201, [(b"x-a", b"1"), (b"content-length", b"3")])
    assert end["body"] == body


def test_a_document_is_json() -> None:
    assert json_response({"a": 1}) == (200, {"content-type": "application/json"}, b'{"a":1}')
