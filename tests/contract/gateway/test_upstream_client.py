"""The one upstream call, against real sockets."""

import asyncio
import socket
from dataclasses import replace

import numpy as np
import pytest
from contract.gateway.loopback import MODEL, ScriptedModel, one_entity, raw_server, served

from summit_inference import errors
from summit_inference.client import Upstream
from summit_inference.context import RequestContext, working_on
from summit_inference.deadline import Deadline
from summit_inference.http_message import HttpResponse
from summit_inference.tensors import Datatype, InferRequest, Tensor
from summit_inference.text_tensors import TEXT, spans_of, text_tensor
from summit_inference.v2_limits import Limits

ASKED = InferRequest(MODEL, (text_tensor(["Ada met Grace"]),))


async def test_an_answer_comes_back_with_its_tensors_and_lineage() -> None:
    model = ScriptedModel()
    async with served(model.app()) as url, Upstream(url) as upstream:
        response = await upstream.infer(ASKED)
    assert spans_of(response, 1) == [one_entity("Ada met Grace")]
    assert (response.model_version, response.parameters["run_id"]) == ("3", "run-7")


async def test_tensors_travel_as_raw_bytes_in_both_directions() -> None:
    model = ScriptedModel()
    async with served(model.app()) as url, Upstream(url) as upstream:
        await upstream.infer(ASKED)
    assert model.headers[0]["content-type"] == "application/octet-stream"
    assert model.requests[0].parameters["binary_data_output"] is True


async def test_the_current_request_travels_as_headers_and_so_does_the_callers_own() -> None:
    model = ScriptedModel()
    trace = {"traceparent": "00-0123456789abcdef0123456789abcdef-0123456789abcdef-01"}
    request = RequestContext("id-1", Deadline.after(5), is_batch=True, trace=trace)
    async with served(model.app()) as url, Upstream(url, headers={"authorization": "Bearer k"}) as upstream:
        with working_on(request):
            await upstream.infer(ASKED)
    sent = model.headers[0]
    assert 0 < int(sent.pop("x-request-timeout-ms")) <= 5000
    assert {"x-request-id": "id-1", "x-request-class": "batch", "authorization": "Bearer k"}.items() <= sent.items()
    assert sent["traceparent"] == trace["traceparent"]


async def test_a_name_with_a_slash_stays_one_path_segment() -> None:
    seen = []

    async def answer(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        seen.append((await reader.readuntil(b"\r\n")).decode())

    async with raw_server(answer) as url, Upstream(url) as upstream:
        await upstream.is_ready("a/../b", "1?x")
    assert seen[0].split(" ")[1] == "/v2/models/a%2F..%2Fb/versions/1%3Fx/ready"


async def test_a_version_that_is_not_there_is_the_callers_error() -> None:
    async with served(ScriptedModel().app()) as url, Upstream(url) as upstream:
        with pytest.raises(errors.ModelVersionNotFound):
            await upstream.infer(replace(ASKED, model_version="9"))


async def test_an_answer_of_another_version_is_broken() -> None:
    """A wrong route must never look like evidence about the version that was asked."""
    body = b'{"model_name": "m", "model_version": "8", "outputs": []}'
    model = ScriptedModel(http=HttpResponse(200, {"content-type": "application/json"}, body))
    async with served(model.app()) as url, Upstream(url) as upstream:
        with pytest.raises(errors.UpstreamBroken):
            await upstream.infer(replace(ASKED, model_version="9"))


async def test_a_body_of_several_mebibytes_arrives_whole() -> None:
    text = "Ada " * 800_000
    model = ScriptedModel()
    async with served(model.app()) as url, Upstream(url) as upstream:
        await upstream.infer(InferRequest(MODEL, (text_tensor([text]),)))
    assert model.requests[0].inputs[0].data[0] == text.encode()


async def test_metadata_is_read_as_it_was_said() -> None:
    model = ScriptedModel()
    async with served(model.app()) as url, Upstream(url) as upstream:
        assert await upstream.metadata(MODEL) == await model.metadata(None)


@pytest.mark.parametrize(
    "body", [b"[]", b"{}", b"nothing", b'{"name": "m", "inputs": [{"name": "x"}], "outputs": []}'], ids=repr
)
async def test_metadata_against_the_protocol_is_broken(body: bytes) -> None:
    model = ScriptedModel(http=HttpResponse(200, {}, body))
    async with served(model.app()) as url, Upstream(url) as upstream:
        with pytest.raises(errors.UpstreamBroken):
            await upstream.metadata(MODEL)


async def test_readiness_is_what_the_server_says() -> None:
    model = ScriptedModel()
    async with served(model.app()) as url, Upstream(url) as upstream:
        assert await upstream.is_ready(MODEL)
        assert not await upstream.is_ready(MODEL, "9")
        model.is_up = False
        assert not await upstream.is_ready(MODEL)


async def test_nothing_listening_is_unreachable_and_not_ready() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    async with Upstream(url) as upstream:
        with pytest.raises(errors.UpstreamUnreachable):
            await upstream.infer(ASKED)
        assert not await upstream.is_ready(MODEL)


async def test_a_server_that_dies_mid_answer_is_unreachable() -> None:
    async with served(ScriptedModel(dies_mid_answer=True).app()) as url, Upstream(url) as upstream:
        with pytest.raises(errors.UpstreamUnreachable):
            await upstream.infer(ASKED)


async def test_the_callers_deadline_ends_the_call_and_frees_the_server() -> None:
    model = ScriptedModel(seconds=30)
    async with served(model.app()) as url, Upstream(url) as upstream:
        with working_on(RequestContext("r", Deadline.after(0.05))), pytest.raises(errors.DeadlineExceeded):
            await upstream.infer(ASKED)
        async with asyncio.timeout(5):
            await model.was_cancelled.wait()


async def test_a_deadline_that_is_over_sends_nothing() -> None:
    model = ScriptedModel()
    async with served(model.app()) as url, Upstream(url) as upstream:
        with working_on(RequestContext("r", Deadline.after(-1))), pytest.raises(errors.DeadlineExceeded):
            await upstream.infer(ASKED)
    assert not model.headers


async def test_a_server_that_never_answers_is_given_up_without_a_deadline_too() -> None:
    async with served(ScriptedModel(seconds=30).app()) as url, Upstream(url, timeout_seconds=0.05) as upstream:
        with pytest.raises(errors.UpstreamUnreachable):
            await upstream.infer(ASKED)


async def test_a_redirect_is_not_followed() -> None:
    model = ScriptedModel()
    async with served(model.app()) as target:
        moved = ScriptedModel(http=HttpResponse(307, {"location": f"{target}/v2"}, b""))
        async with served(moved.app()) as url, Upstream(url) as upstream:
            with pytest.raises(errors.UpstreamBroken):
                await upstream.infer(ASKED)
    assert not model.headers


@pytest.mark.parametrize("size", [b"content-length: 5000", b"transfer-encoding: chunked"], ids=["declared", "chunked"])
async def test_an_answer_over_the_limit_is_broken_and_not_read_to_its_end(size: bytes) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\n" + size + b"\r\n\r\n" + b"800\r\n" + b"x" * 2048)
        await writer.drain()

    async with raw_server(answer) as url, Upstream(url, limits=Limits(max_body_bytes=1000)) as upstream:
        with pytest.raises(errors.UpstreamBroken, match="1000 bytes"):
            await upstream.infer(ASKED)


async def test_what_is_not_http_is_broken() -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"SSH-2.0-OpenSSH\r\n\r\n")

    async with raw_server(answer) as url, Upstream(url) as upstream:
        with pytest.raises(errors.UpstreamBroken):
            await upstream.infer(ASKED)


_ANSWER = b'{"model_name":"m","outputs":[]}'
_HTTP_ANSWER = b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%b" % (len(_ANSWER), _ANSWER)


async def test_a_stale_kept_alive_connection_never_reaches_the_caller() -> None:
    """The server answers once a connection, keeps it open, and closes it when the next request arrives on it."""
    connections = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.append(writer)
        await reader.readuntil(b"\r\n\r\n")
        writer.write(_HTTP_ANSWER)
        await reader.readuntil(b"\r\n\r\n")
        writer.transport.abort()

    async with raw_server(answer) as url, Upstream(url) as upstream:
        for _ in range(4):
            assert (await upstream.infer(InferRequest("m", ()))).outputs == ()
    assert len(connections) == 4


async def test_a_fresh_connection_that_breaks_is_not_tried_again() -> None:
    """The server may have computed, and a text that kills it must not be sent to the next one."""
    connections = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.append(writer)
        await reader.readuntil(b"\r\n\r\n")
        writer.transport.abort()

    async with raw_server(answer) as url, Upstream(url) as upstream:
        with pytest.raises(errors.UpstreamUnreachable):
            await upstream.infer(ASKED)
    assert len(connections) == 1


async def test_calls_share_kept_alive_connections() -> None:
    connections = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.append(writer)
        while True:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(_HTTP_ANSWER)

    async with raw_server(answer) as url, Upstream(url) as upstream:
        for _ in range(5):
            await upstream.is_ready("m")
    assert len(connections) == 1


async def test_numbers_keep_their_bits() -> None:
    tensor = Tensor(TEXT.name, Datatype.BYTES, text_tensor(["a", "ü\0"]).data)
    model = ScriptedModel()
    async with served(model.app()) as url, Upstream(url) as upstream:
        await upstream.infer(InferRequest(MODEL, (tensor,)))
    assert np.array_equal(model.requests[0].inputs[0].data, tensor.data)
