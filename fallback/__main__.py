"""`python -m fallback`: the fallback's own server."""

import asyncio
from dataclasses import replace

from fallback.extract import extract
from fallback.servable import LINEAGE, FallbackLimits, FallbackServable
from fallback.settings import FallbackSettings
from serving.command import run
from serving.drain import Drain
from serving.front import Front, Served
from serving.listener import Address, http_server, listen
from summit_inference.metrics import MODEL_INFO
from summit_inference.telemetry import set_up_logs
from summit_inference.v2_limits import Limits


def start() -> None:
    """Serve until SIGTERM."""
    settings = FallbackSettings.load()
    set_up_logs("fallback", settings.log_level)
    limits = Limits(max_body_bytes=settings.max_body_bytes)
    MODEL_INFO.labels(LINEAGE.name, LINEAGE.version, "").set(1)
    model = FallbackServable(extract, FallbackLimits(settings.max_texts, settings.max_characters))
    address = Address(
        settings.listen_host,
        settings.listen_port,
        drain_seconds=settings.drain_seconds,
        grace_seconds=settings.grace_seconds,
    )
    asyncio.run(_serve(Served(model, "fallback", limits), address))


async def _serve(served: Served, address: Address) -> None:
    drain = Drain()
    front = Front(replace(served, servable=drain.watched(served.servable)))
    await listen(http_server(front, address), None, address, drain)


if __name__ == "__main__":
    run(start)
