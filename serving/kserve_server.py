"""KServe's ModelServer as the shell of predictor and transformer.

From the SDK: the flags and environment that its controller sets, the model repository, its metrics in our `/metrics`.
Ours, in the place of its own: the V2 routes and codec, gRPC, readiness and draining, for the reasons in
`docs/decisions/0003-own-v2-route.md`. The only file that imports kserve, which reads `sys.argv` and makes a global
application as it is imported.
"""

import asyncio
import contextlib
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace

import uvloop
from kserve import Model, ModelServer

from serving.drain import Drain
from serving.front import Front, Served
from serving.grpc_listener import grpc_server
from serving.listener import Address, http_server, listen

Running = Callable[[], AbstractAsyncContextManager[None]]
"""What runs beside the ports, on their event loop: entered before they open, left when they are closed."""


def serve(served: Served, address: Address, running: Running = contextlib.nullcontext) -> None:
    """Serve until SIGTERM, and drain.

    Raises:
        ConfigurationError: a port cannot be opened.
    """
    model = _KServeModel(served.servable.name)
    _StageServer(served, address, running).start([model])


class _KServeModel(Model):  # type: ignore[misc] # kserve has no types
    """The stage as the SDK's repository knows it. Its hooks are not on the path of a request: `V2App` is."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.ready = True


class _StageServer(ModelServer):  # type: ignore[misc] # kserve has no types
    """The SDK's server, with our listener in place of its two."""

    def __init__(self, served: Served, address: Address, running: Running) -> None:
        super().__init__(
            http_port=address.http_port, grpc_port=address.grpc_port, workers=1, enable_latency_logging=False
        )
        self._served, self._address, self._running = served, address, running

    def start(self, models: list[Model]) -> None:
        for model in models:
            self.register_model(model)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(self._serve())

    async def _serve(self) -> None:
        drain = Drain()
        served = replace(self._served, servable=drain.watched(self._served.servable))
        async with self._running():
            http = http_server(Front(served), self._address)
            await listen(http, grpc_server(served, self._address), self._address, drain)
