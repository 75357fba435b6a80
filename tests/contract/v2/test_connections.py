"""What only a real connection shows: callers that hang up, connections that are kept, bodies that never end."""

import asyncio
import http.client
import json
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import grpc
import httpx
import pytest
from contract.v2 import reference, wire
from contract.v2.reference import LIMITS, Echo, Loopback
from contract.v2.target import Server

from summit_inference.context import current
from summit_inference.errors import InternalError, Overloaded
from summit_inference.tensors import InferRequest, InferResponse, Servable

_INPUTS = [{"name": "x", "datatype": "INT8", "shape": [1], "data": [1]}]
_PATH = "/v2/models/busy/infer"


@dataclass(frozen=True)
class Busy(Echo):
    """A model that does as the parameter `do` says."""

    name: str = "busy"
    started: threading.Event = field(default_factory=threading.Event)
    cancelled: threading.Event = field(default_factory=threading.Event)

    async def infer(self, request: InferRequest) -> InferResponse:
        match request.parameters.get("do"):
            case "wait":
                await self._wait()
            case "refuse":
                raise Overloaded("The queue is full; come back.", retry_after_seconds=1.2)
            case "fail":
                raise RuntimeError("a secret")
            case "context":
                return InferResponse(self.name, (), parameters={"context": json.dumps(current().as_headers())})
        return await super().infer(request)

    async def _wait(self) -> None:
        self.started.set()
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            self.cancelled.set()
            raise


@dataclass(frozen=True)
class Running:
    server: Server
    busy: Busy


@pytest.fixture
def running(loopback: Loopback) -> Iterator[Running]:
    busy = Busy()
    models: Mapping[str, Servable] = {"busy": busy}
    with loopback.server(reference.http_app(models), reference.grpc_handler(models)) as server:
        yield Running(server, busy)


def body(**parameters: object) -> bytes:
    return json.dumps({"inputs": _INPUTS, "parameters": parameters}).encode()


def connection(server: Server) -> http.client.HTTPConnection:
    address = httpx.URL(server.base_url)
    return http.client.HTTPConnection(address.host, address.port, timeout=30)


def question(do: str) -> Any:
    message = wire.grpc_request("busy", _INPUTS, is_raw=True)
    message.parameters["do"].string_param = do
    return message


def test_the_work_for_a_caller_that_hangs_up_is_cancelled(running: Running) -> None:
    caller = connection(running.server)
    caller.request("POST", _PATH, body(do="wait"))
    assert running.busy.started.wait(10)
    caller.close()
    assert running.busy.cancelled.wait(10)


def test_the_work_for_a_grpc_call_that_is_cancelled_is_cancelled(running: Running) -> None:
    method = running.server.channel.unary_unary("/inference.GRPCInferenceService/ModelInfer")
    call = method.future(question("wait").SerializeToString(), timeout=30)
    assert running.busy.started.wait(10)
    call.cancel()
    assert running.busy.cancelled.wait(10)


def test_one_connection_serves_successes_and_every_kind_of_error(running: Running) -> None:
    caller = connection(running.server)
    caller.connect()
    kept = caller.sock
    asked = [
        ("POST", _PATH, body(), 200),
        ("POST", _PATH, b"{", 400),
        ("POST", "/v2/models/none/infer", body(), 404),
        ("GET", _PATH, b"", 405),
        ("POST", _PATH, b"0" * (LIMITS.max_body_bytes + 1), 413),
        ("POST", _PATH, body(do="refuse"), 429),
        ("POST", _PATH, body(do="fail"), 500),
        ("GET", "/v2/health/ready", b"", 200),
        ("HEAD", "/v2", b"", 200),
    ]
    for method, path, content, status in asked * 20:
        caller.request(method, path, content)
        answer = caller.getresponse()
        answer.read()
        assert (answer.status, caller.sock) == (status, kept)
    caller.close()


def test_a_refusal_says_when_to_come_back_on_both_transports(running: Running) -> None:
    response = running.server.post(_PATH, body(do="refuse"))
    assert (response.status_code, response.headers["retry-after"]) == (429, "2")
    error = running.server.refusal("ModelInfer", question("refuse"))
    assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert dict(error.trailing_metadata())["retry-after"] == "2"


def test_a_bug_of_the_model_shows_no_text_of_its_exception(running: Running) -> None:
    response = running.server.post(_PATH, body(do="fail"))
    assert (response.status_code, response.json()["code"]) == (500, InternalError.code)
    assert "secret" not in response.text
    error = running.server.refusal("ModelInfer", question("fail"))
    assert error.code() is grpc.StatusCode.INTERNAL
    assert "secret" not in str(error)


def test_the_callers_deadline_ends_the_work_on_both_transports(running: Running) -> None:
    response = running.server.post(_PATH, body(do="wait"), {"x-request-timeout-ms": "50"})
    assert (response.status_code, response.json()["code"]) == (504, "deadline_exceeded")
    assert running.busy.cancelled.wait(10)
    running.busy.cancelled.clear()
    metadata = (("x-request-timeout-ms", "50"),)
    with pytest.raises(grpc.RpcError, match="DEADLINE_EXCEEDED"):
        running.server.call("ModelInfer", question("wait"), metadata)
    assert running.busy.cancelled.wait(10)


def test_the_deadline_of_a_grpc_call_ends_its_work(running: Running) -> None:
    method = running.server.channel.unary_unary("/inference.GRPCInferenceService/ModelInfer")
    with pytest.raises(grpc.RpcError, match="DEADLINE_EXCEEDED"):
        method(question("wait").SerializeToString(), timeout=0.2)
    assert running.busy.cancelled.wait(10)


def test_the_model_sees_the_context_of_the_request_on_both_transports(running: Running) -> None:
    headers = {
        "x-request-id": "abc",
        "traceparent": "00-0123456789abcdef0123456789abcdef-0123456789abcdef-01",
        "x-request-class": "batch",
        "x-request-timeout-ms": "20000",
    }
    over_http = running.server.post(_PATH, body(do="context"), headers).json()["parameters"]["context"]
    over_grpc = running.server.call("ModelInfer", question("context"), tuple(headers.items())).parameters["context"]
    for seen in (json.loads(over_http), json.loads(over_grpc.string_param)):
        assert 15_000 < int(seen.pop("x-request-timeout-ms")) <= 20_000
        assert seen == {name: value for name, value in headers.items() if name != "x-request-timeout-ms"}


def test_a_body_without_an_end_is_refused_at_the_limit(running: Running) -> None:
    chunk = b"0" * 2**16
    address = httpx.URL(running.server.base_url)
    with socket.create_connection((address.host, address.port), timeout=30) as caller:
        caller.sendall(f"POST {_PATH} HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n".encode())
        for _ in range(LIMITS.max_body_bytes // len(chunk) + 1):
            caller.sendall(b"%x\r\n%s\r\n" % (len(chunk), chunk))
        assert caller.recv(2**16).startswith(b"HTTP/1.1 413 ")


def test_a_caller_that_stops_in_the_middle_of_its_body_leaves_nothing_behind(running: Running) -> None:
    address = httpx.URL(running.server.base_url)
    with socket.create_connection((address.host, address.port), timeout=30) as caller:
        caller.sendall(f"POST {_PATH} HTTP/1.1\r\nhost: a\r\ncontent-length: 100\r\n\r\n{{".encode())
    before = time.monotonic()
    assert running.server.post(_PATH, body()).status_code == 200
    assert time.monotonic() - before < 5


def test_callers_at_the_same_time_do_not_wait_for_each_other(running: Running) -> None:
    waiting = connection(running.server)
    waiting.request("POST", _PATH, body(do="wait"))
    assert running.busy.started.wait(10)
    assert running.server.get("/v2/health/live").status_code == 200
    assert running.server.post(_PATH, body()).status_code == 200
    waiting.close()
    assert running.busy.cancelled.wait(10)
