"""The reference: a toy model behind the product's V2 layer, on loopback, under real uvicorn and grpc.aio servers."""

import asyncio
import threading
from collections.abc import Coroutine, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import grpc
import httpx
import uvicorn
from contract.v2.target import Server, Target

from summit_inference.errors import ModelNotReady, ModelVersionNotFound
from summit_inference.tensors import (
    Datatype,
    InferRequest,
    InferResponse,
    ModelMetadata,
    Servable,
    TensorSpec,
)
from summit_inference.v2_grpc import generic_handler, server_options
from summit_inference.v2_http import V2App
from summit_inference.v2_limits import Limits

LIMITS = Limits(max_body_bytes=4 * 2**20, max_json_bytes=2**20, max_tensor_elements=2**19)
PROPERTIES = {"origin": "tests"}
_Result = TypeVar("_Result")


@dataclass(frozen=True)
class Echo:
    """A model that answers with its inputs and parameters. Version 2 is its default."""

    name: str = "echo"
    is_loaded: bool = True

    async def metadata(self, model_version: str | None) -> ModelMetadata:
        self._check(model_version)
        any_size = TensorSpec("x", Datatype.FP32, (-1, 2))
        return ModelMetadata(self.name, ("1", "2"), "toy", (any_size,), (any_size,), PROPERTIES)

    async def is_ready(self, model_version: str | None) -> bool:
        return self.is_loaded and model_version in {None, "1", "2"}

    async def infer(self, request: InferRequest) -> InferResponse:
        self._check(request.model_version)
        if not self.is_loaded:
            raise ModelNotReady("The model is loading; ask again.", retry_after_seconds=2.5)
        return InferResponse(
            self.name, request.inputs, request.model_version or "2", parameters=dict(request.parameters)
        )

    def _check(self, model_version: str | None) -> None:
        if model_version not in {None, "1", "2"}:
            raise ModelVersionNotFound("This model has versions 1 and 2.")


READY: Mapping[str, Servable] = {"echo": Echo(), "other": Echo("other")}
UNREADY: Mapping[str, Servable] = {"echo": Echo(is_loaded=False), "other": Echo("other")}


def http_app(servables: Mapping[str, Servable]) -> V2App:
    return V2App(servables, server_name="reference", server_version="1.0", limits=LIMITS)


def grpc_handler(servables: Mapping[str, Servable]) -> grpc.GenericRpcHandler:
    return generic_handler(servables, server_name="reference", server_version="1.0", limits=LIMITS)


class Loopback:
    """An event loop in a thread of its own, on which servers run while tests ask them."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def run(self, work: Coroutine[Any, Any, _Result]) -> _Result:
        """What the coroutine returns, run on the loop."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout=30)

    @contextmanager
    def server(self, app: Any, handler: grpc.GenericRpcHandler) -> Iterator[Server]:
        """An ASGI application and a gRPC handler, listening until the body ends."""
        with ExitStack() as stack:
            port = stack.enter_context(self._http(app))
            address = stack.enter_context(self._grpc(handler))
            client = stack.enter_context(httpx.Client(trust_env=False, verify=False, timeout=30))  # noqa: S501 -- loopback
            channel = stack.enter_context(grpc.insecure_channel(address))
            yield Server(f"http://127.0.0.1:{port}", address, client, channel)

    @contextmanager
    def _http(self, app: Any) -> Iterator[int]:
        server = uvicorn.Server(
            uvicorn.Config(app, host="127.0.0.1", port=0, log_config=None, ws="none", lifespan="off", interface="asgi3")
        )
        self.run(_started(server))
        try:
            yield server.servers[0].sockets[0].getsockname()[1]
        finally:
            server.force_exit = True
            self.run(server.shutdown())

    @contextmanager
    def _grpc(self, handler: grpc.GenericRpcHandler) -> Iterator[str]:
        server, port = self.run(_grpc_started(handler))
        try:
            yield f"127.0.0.1:{port}"
        finally:
            self.run(server.stop(None))


async def _started(server: uvicorn.Server) -> None:
    server.config.load()
    server.lifespan = server.config.lifespan_class(server.config)
    await server.startup()


async def _grpc_started(handler: grpc.GenericRpcHandler) -> tuple[grpc.aio.Server, int]:
    server = grpc.aio.server(options=server_options(LIMITS))
    server.add_generic_rpc_handlers((handler,))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    return server, port


def _tensor(datatype: str, *data: object) -> dict[str, Any]:
    return {"name": datatype.lower(), "shape": [len(data) // 2, 2], "datatype": datatype, "data": list(data)}


def target(server: Server, unready: Server | None = None) -> Target:
    """The reference as a target: its toy model takes tensors of every datatype."""
    return Target(
        server,
        "echo",
        "1",
        inputs=(_tensor("FP32", 0.5, -2.25, 3, 0),),
        more_inputs=(
            (_tensor("BOOL", *[True, False]), _tensor("BYTES", "Zürich", "")),
            tuple(_tensor(f"INT{bits}", -(2 ** (bits - 1)), 2 ** (bits - 1) - 1) for bits in (8, 16, 32, 64)),
            tuple(_tensor(f"UINT{bits}", 0, 2**bits - 1) for bits in (8, 16, 32, 64)),
            (_tensor("FP64", 1e300, -1e-300),),
        ),
        is_echo=True,
        properties=PROPERTIES,
        unready=unready,
    )
