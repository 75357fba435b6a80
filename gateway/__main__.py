"""`python -m gateway`: the front door."""

import asyncio

import prometheus_client
import uvicorn
import uvloop

from fallback.extract import extract
from gateway.app import Gateway
from gateway.connection import server_options
from gateway.settings import GatewaySettings
from serving.command import run
from serving.listener import Address, listen
from summit_inference.errors import ConfigurationError
from summit_inference.telemetry import set_up_logs
from summit_inference.tracing import exporting


def start() -> None:
    """Serve until SIGTERM."""
    settings = GatewaySettings.load()
    set_up_logs("gateway", settings.log_level)
    with (
        exporting("gateway", settings.otlp_endpoint, settings.trace_sample_ratio),
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
    ):
        runner.run(_serve(settings))


async def _serve(settings: GatewaySettings) -> None:
    gateway = Gateway(settings, extract)
    address = Address(
        settings.listen_host,
        settings.listen_port,
        settings.grpc_port,
        drain_seconds=settings.drain_seconds,
        grace_seconds=settings.grace_seconds,
    )
    options = server_options(
        address,
        header_timeout_seconds=settings.header_timeout_seconds,
        keepalive_seconds=settings.keepalive_seconds,
    )
    http = uvicorn.Server(uvicorn.Config(gateway.http_app(), host=address.host, port=address.http_port, **options))
    _serve_metrics(settings)
    async with gateway.running():
        await listen(http, gateway.grpc_server(), address, gateway.drain)


def _serve_metrics(settings: GatewaySettings) -> None:
    """In a thread of its own, which ends with the process."""
    try:
        prometheus_client.start_http_server(settings.metrics_port, settings.listen_host)
    except OSError as error:
        raise ConfigurationError(f"port {settings.metrics_port} cannot be opened: another process has it") from error


if __name__ == "__main__":
    run(start)
