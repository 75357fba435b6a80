"""Servers on 127.0.0.1 for these tests: any ASGI application, and a model server whose behaviour a test scripts."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import httpx
import uvicorn

from gateway.app import Gateway
from gateway.connection import server_options
from gateway.settings import GatewaySettings
from serving.listener import Address, http_options
from summit_inference.errors import ModelVersionNotFound
from summit_inference.http_message import HttpResponse, Receive, Scope, Send, headers_of, send_response
from summit_inference.spans import Span
from summit_inference.tensors import InferRequest, InferResponse, ModelMetadata
from summit_inference.text_tensors import ENTITIES, TEXT, tensors_of, texts_of
from summit_inference.v2_http import V2App

MODEL = "summit-extract"
App = Callable[[Scope, Receive, Send], Awaitable[None]]


class _Server(uvicorn.Server):  # type: ignore[misc]
    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.is_started = asyncio.Event()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield  # signals are the test runner's

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.is_started.set()


@asynccontextmanager
async def served(app: App, port: int = 0, **options: Any) -> AsyncIterator[str]:
    """The URL at which the application answers."""
    config = uvicorn.Config(app, port=port, **{**http_options(Address("127.0.0.1", port, grace_seconds=1)), **options})
    server = _Server(config)
    running = asyncio.create_task(server.serve())
    await server.is_started.wait()
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        await running


def by_rules(text: str) -> list[Span]:
    """What the fallback of these tests finds: the whole text, as a place."""
    return [Span(text, "LOC", 0, len(text), 0.5)] if text else []


@dataclass(frozen=True)
class Door:
    """A gateway that answers over HTTP."""

    url: str
    gateway: Gateway
    http: httpx.AsyncClient

    async def extract(self, body: object, **options: Any) -> httpx.Response:
        return await self.http.post("/extract", json=body, **options)


@asynccontextmanager
async def gateway_before(upstream_url: str, **settings: Any) -> AsyncIterator[Door]:
    """A gateway before the model at this URL, without a connection to it yet.

    A model that is there has more time to say so than in the default: no test is about how busy this machine is.
    """
    made = GatewaySettings(upstream_url=upstream_url, **{"probe_seconds": 2, **settings})
    gateway = Gateway(made, by_rules)
    options = server_options(
        Address(made.listen_host, made.listen_port, grace_seconds=1),
        header_timeout_seconds=made.header_timeout_seconds,
        keepalive_seconds=made.keepalive_seconds,
    )
    async with (
        gateway.running(),
        served(gateway.http_app(), **options) as url,
        httpx.AsyncClient(base_url=url, timeout=20, trust_env=False) as http,
    ):
        yield Door(url, gateway, http)


async def until(is_so: Callable[[], bool | Awaitable[bool]], seconds: float = 5) -> None:
    """Wait for what can only be seen from outside, as a client would."""
    async with asyncio.timeout(seconds):
        while not (found if isinstance(found := is_so(), bool) else await found):  # noqa: ASYNC110
            await asyncio.sleep(0.02)


def nobody() -> str:
    """The URL of a port where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return f"http://127.0.0.1:{listener.getsockname()[1]}"


def one_entity(text: str) -> list[Span]:
    """What the scripted model finds: the first word, as a person."""
    word = text.split(" ", maxsplit=1)[0]
    return [Span(word, "PER", 0, len(word), 0.5)] if word else []


@dataclass
class ScriptedModel:
    """A servable, and the ASGI faults before it. A test sets what happens next; `requests` are those that arrived."""

    version: str = "3"
    claims: str | None = None
    """The version that its answers carry, if it is another."""
    is_up: bool = True
    is_up_from: float = 0.0
    """On the monotonic clock."""
    seconds: float = 0.0
    error: Exception | None = None
    http: HttpResponse | None = None
    """Answered to every request, as a proxy before the model would."""
    dies_mid_answer: bool = False
    ready_seconds: float = 0.0
    """How long the question for readiness is held, as an activator holds it."""
    finds: Callable[[str], list[Span]] = one_entity
    name: str = MODEL
    requests: list[InferRequest] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    ready_asked: int = 0
    was_cancelled: asyncio.Event = field(default_factory=asyncio.Event)

    async def metadata(self, model_version: str | None) -> ModelMetadata:
        self._check(model_version)
        return ModelMetadata(self.name, (self.version,), "scripted", (TEXT,), ENTITIES, {"origin": "a test"})

    async def is_ready(self, model_version: str | None) -> bool:
        self.ready_asked += 1
        await asyncio.sleep(self.ready_seconds)
        return self.is_up and time.monotonic() >= self.is_up_from and model_version in {None, self.version}

    async def infer(self, request: InferRequest) -> InferResponse:
        self._check(request.model_version)
        self.requests.append(request)
        try:
            await asyncio.sleep(self.seconds)
        except asyncio.CancelledError:
            self.was_cancelled.set()
            raise
        if self.error:
            raise self.error
        outputs = tensors_of([self.finds(text) for text in texts_of(request)])
        return InferResponse(
            self.name, outputs, self.claims or self.version, parameters={"run_id": "run-7", "degraded": False}
        )

    def app(self) -> App:
        inner = V2App({self.name: self}, server_name="scripted", server_version="0")

        async def scripted(scope: Scope, receive: Receive, send: Send) -> None:
            self.headers.append(headers_of(scope))
            if self.http:
                await send_response(send, self.http)
            elif self.dies_mid_answer and scope["path"].endswith("/infer"):
                await _half_an_answer(send)
            else:
                await inner(scope, receive, send)

        return scripted

    def _check(self, model_version: str | None) -> None:
        if model_version not in {None, self.version}:
            raise ModelVersionNotFound("Not here.")


async def _half_an_answer(send: Send) -> None:
    headers = [(b"content-length", b"1000"), (b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b'{"model_name"', "more_body": True})


@asynccontextmanager
async def raw_server(answer: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Any]) -> AsyncIterator[str]:
    """The URL of a server that speaks whatever `answer` writes, until it returns or the client leaves."""

    async def connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            await answer(reader, writer)
        writer.close()

    server = await asyncio.start_server(connection, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
