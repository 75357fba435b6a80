"""One process, its HTTP and gRPC ports, and an end that loses no request.

The end, on SIGTERM or SIGINT: readiness turns false; the route has `drain_seconds` to notice, while new requests are
still served; then the ports close, what is in flight is finished, within `grace_seconds`; then the caller's own
clean-up runs. A second signal skips the wait.
"""

import asyncio
import contextlib
import logging
import signal
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import uvicorn

from serving.drain import Drain
from summit_inference.errors import ConfigurationError

_log = logging.getLogger(__name__)

_LOOK_EVERY_SECONDS = 0.01


@dataclass(frozen=True, slots=True)
class Address:
    """Where a server listens, and how patiently it ends."""

    host: str
    http_port: int
    grpc_port: int | None = None
    drain_seconds: float = 0
    grace_seconds: float = 30


def http_server(app: Any, address: Address) -> uvicorn.Server:
    """A server for `app` that leaves logging, signals and its name to us."""
    config = uvicorn.Config(app, host=address.host, port=address.http_port, **http_options(address))
    return uvicorn.Server(config)


def http_options(address: Address) -> dict[str, Any]:
    """What every HTTP server of ours has in common, as options of uvicorn."""
    return {
        "log_config": None,
        "access_log": False,
        "server_header": False,
        "lifespan": "off",
        "timeout_graceful_shutdown": max(1, int(address.grace_seconds)),
        "timeout_keep_alive": 75,  # longer than the idle timeout of the proxies in front, which then close first
    }


async def listen(http: uvicorn.Server, grpc_server: Any, address: Address, drain: Drain) -> None:
    """Serve until a signal, then end as the module says.

    `grpc_server` is a `grpc.aio.Server` not yet started, or None.
    """
    serving = asyncio.create_task(_serve_http(http))
    try:
        await _started(http, serving)
        async with _signals() as stopped:
            if grpc_server is not None:
                await grpc_server.start()
            _log.info(
                "listening",
                extra={"host": address.host, "http_port": address.http_port, "grpc_port": address.grpc_port},
            )
            await asyncio.wait({serving, asyncio.ensure_future(stopped.wait())}, return_when=asyncio.FIRST_COMPLETED)
            stopped.clear()
            await _end(http, grpc_server, address, drain, stopped)
    finally:
        http.should_exit = True
        await serving


async def _serve_http(http: uvicorn.Server) -> None:
    """Run uvicorn, whose way of failing to bind is to exit the process from inside the loop."""
    try:
        await http.serve()
    except SystemExit as error:
        raise ConfigurationError(f"port {http.config.port} cannot be opened: another process has it") from error


async def _started(http: uvicorn.Server, serving: asyncio.Task[None]) -> None:
    while not http.started and not serving.done():  # noqa: ASYNC110 - uvicorn tells nobody that it listens
        await asyncio.sleep(_LOOK_EVERY_SECONDS)
    if serving.done():
        await serving


@contextlib.asynccontextmanager
async def _signals() -> AsyncIterator[asyncio.Event]:
    """An event that SIGTERM and SIGINT set; in place of uvicorn's handlers, which would close the port at once."""
    loop, stopped = asyncio.get_running_loop(), asyncio.Event()
    before = {name: signal.getsignal(name) for name in (signal.SIGTERM, signal.SIGINT)}
    for name in before:
        loop.add_signal_handler(name, stopped.set)
    try:
        yield stopped
    finally:
        for name, handler in before.items():
            loop.remove_signal_handler(name)
            signal.signal(name, handler)


async def _end(http: uvicorn.Server, grpc_server: Any, address: Address, drain: Drain, again: asyncio.Event) -> None:
    drain.begin()
    _log.info("draining", extra={"drain_seconds": address.drain_seconds})
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(again.wait(), address.drain_seconds)
    http.should_exit = True
    if grpc_server is not None:
        await grpc_server.stop(address.grace_seconds)
