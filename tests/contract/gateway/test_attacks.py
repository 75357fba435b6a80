"""What hostile and clumsy clients do to a server that stands at the edge."""

import asyncio
import gzip
import json
import socket
from collections.abc import AsyncIterator

import pytest
from contract.gateway.loopback import Door, ScriptedModel, gateway_before, served

BODY = b'{"text": "Ada"}'


@pytest.fixture
async def door() -> AsyncIterator[Door]:
    settings = {"header_timeout_seconds": 0.2, "body_timeout_seconds": 0.2, "max_body_bytes": 2000}
    async with served(ScriptedModel().app()) as url, gateway_before(url, probe_seconds=5, **settings) as opened:
        yield opened


async def spoken(door: Door, *sent: bytes, pause_seconds: float = 0.0) -> bytes:
    """All that the gateway says on one connection on which these bytes are sent, until it closes it."""
    host, port = door.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        async with asyncio.timeout(5):
            for part in sent:
                writer.write(part)
                await writer.drain()
                await asyncio.sleep(pause_seconds)
            return await reader.read()
    except ConnectionError:
        return b""
    finally:
        writer.transport.abort()


def head(*headers: str, path: str = "/extract", method: str = "POST") -> bytes:
    return "\r\n".join([f"{method} {path} HTTP/1.1", "host: x", *headers, "", ""]).encode("latin-1")


async def still_works(door: Door) -> None:
    assert (await door.extract({"text": "Ada"})).json()["degraded"] is False


async def test_headers_that_never_end_end_the_connection(door: Door) -> None:
    assert await spoken(door, b"POST /extract HTTP/1.1\r\nhost: x\r\n") == b""
    await still_works(door)


async def test_headers_that_drip_end_the_connection(door: Door) -> None:
    drips = [b"x-%d: y\r\n" % at for at in range(20)]
    assert await spoken(door, b"GET /health HTTP/1.1\r\n", *drips, pause_seconds=0.05) == b""


async def test_a_connection_without_a_request_is_closed(door: Door) -> None:
    assert await spoken(door) == b""


async def test_headers_without_end_are_not_kept(door: Door) -> None:
    assert await spoken(door, b"GET /health HTTP/1.1\r\nhost: x\r\nx: ", *[b"y" * 16_384] * 8) == b""
    await still_works(door)


async def test_a_body_that_never_ends_is_answered_and_the_connection_closed(door: Door) -> None:
    answer = await spoken(door, head("content-length: 100"), b'{"text"')
    assert answer.startswith(b"HTTP/1.1 400")
    assert b"connection: close" in answer
    assert b"did not arrive within 0.2 s" in answer


async def test_a_body_over_the_limit_is_refused_before_it_is_read(door: Door) -> None:
    answer = await spoken(door, head("content-length: 1000000000"))
    assert answer.startswith(b"HTTP/1.1 413")
    assert b"connection: close" in answer


async def test_a_body_over_the_limit_in_chunks_is_refused(door: Door) -> None:
    answer = await spoken(door, head("transfer-encoding: chunked") + b"800\r\n" + b" " * 2048 + b"\r\n")
    assert answer.startswith(b"HTTP/1.1 413")


async def test_a_body_that_inflates_over_the_limit_is_refused(door: Door) -> None:
    bomb = gzip.compress(b'{"text": "' + b"a" * 1_000_000 + b'"}')
    assert len(bomb) < 2000
    response = await door.http.post("/extract", content=bomb, headers={"content-encoding": "gzip"})
    assert response.status_code == 413


async def test_json_that_nests_without_end_is_refused(door: Door) -> None:
    response = await door.http.post("/extract", content=b'{"text":' + b"[" * 900)
    assert response.status_code == 400


@pytest.mark.parametrize(
    "request_id",
    ["a\tb", "a b", "ä", "x" * 129, "", "\x7f"],
    ids=["a tab", "a space", "no ASCII", "too long", "empty", "a control character"],
)
async def test_a_request_id_that_could_hurt_a_log_is_replaced(door: Door, request_id: str) -> None:
    answer = await spoken(
        door, head(f"x-request-id: {request_id}", f"content-length: {len(BODY)}", "connection: close"), BODY
    )
    if answer.startswith(b"HTTP/1.1 400"):  # the parser already refuses it
        return
    document = json.loads(answer.partition(b"\r\n\r\n")[2])
    assert document["request_id"] != request_id
    assert len(document["request_id"]) == 36
    assert answer.count(b"x-request-id:") == 1


async def test_a_header_cannot_smuggle_another_to_the_model() -> None:
    model = ScriptedModel()
    async with served(model.app()) as url, gateway_before(url, probe_seconds=5) as door:
        await spoken(
            door,
            head("traceparent: 00-a\r\n x-evil: 1", f"content-length: {len(BODY)}", "connection: close"),
            BODY,
        )
    assert all("x-evil" not in headers for headers in model.headers)


async def test_two_lengths_are_refused(door: Door) -> None:
    answer = await spoken(door, head("content-length: 15", "content-length: 16"), BODY)
    assert answer.startswith(b"HTTP/1.1 400")


async def test_a_length_beside_chunks_is_refused(door: Door) -> None:
    answer = await spoken(door, head("content-length: 15", "transfer-encoding: chunked"), b"0\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 400")


@pytest.mark.parametrize("nonsense", [b"\x16\x03\x01\x02\x00\x01\x00", b"hello\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n"])
async def test_what_is_no_http_gets_an_error_of_ours(door: Door, nonsense: bytes) -> None:
    answer = await spoken(door, nonsense)
    assert answer.startswith(b"HTTP/1.1 400")
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["code"] == "invalid_request"


@pytest.mark.parametrize(
    "path",
    [
        "/extract/../health",
        "//extract",
        "/%65xtract/..",
        "/v2/models/summit-extract%2F..%2Fother/infer",
        "/v2/models/../../extract",
        "/health%00",
        "/v2/models/summit-extract/versions/..%2f..%2fx/infer",
    ],
)
async def test_paths_mean_what_they_say(path: str) -> None:
    """With a key set: a trick that reached an open or another door would not be a 401."""
    async with gateway_before("http://127.0.0.1:9", token="t" * 16) as door:
        answer = await spoken(door, head("connection: close", path=path, method="GET"))
    assert answer.startswith(b"HTTP/1.1 401")


async def test_a_version_in_the_path_cannot_leave_it() -> None:
    model = ScriptedModel()
    async with served(model.app()) as url, gateway_before(url, probe_seconds=5) as door:
        path = "/v2/models/summit-extract/versions/..%3F/infer"
        body = {"inputs": [{"name": "text", "shape": [1], "datatype": "BYTES", "data": ["Ada"]}]}
        response = await door.http.post(path, json=body)
    assert response.status_code == 404
    assert response.json()["code"] == "model_version_not_found"


async def test_a_websocket_is_not_offered(door: Door) -> None:
    answer = await spoken(
        door,
        head("connection: upgrade, close", "upgrade: websocket", "sec-websocket-version: 13", method="GET"),
    )
    assert answer.startswith(b"HTTP/1.1 405")


async def test_many_idle_connections_do_not_keep_others_out(door: Door) -> None:
    host, port = door.url.removeprefix("http://").split(":")
    idle = [socket.create_connection((host, int(port))) for _ in range(300)]
    try:
        await still_works(door)
    finally:
        for one in idle:
            one.close()


async def test_texts_with_any_character_come_back_as_they_were(door: Door) -> None:
    for text in ("\0", "\u2028", "\u202eabc", "a\r\nb: c", "\U0010ffff", "\U0001f469\u200d\U0001f467"):
        response = await door.extract({"text": text})
        assert response.json()["spans"][0]["text"] == text.split(" ", maxsplit=1)[0]
