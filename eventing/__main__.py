"""`python -m eventing`: the sink of batch jobs. `python -m eventing migrate` brings its ledger up to date."""

import asyncio
import sys

from eventing.migrations import migrate
from eventing.server import Eventing, database
from eventing.settings import EventingSettings
from serving.command import run
from serving.drain import Drain
from serving.listener import Address, http_server, listen
from summit_inference.errors import ConfigurationError
from summit_inference.telemetry import set_up_logs


def start() -> None:
    """Serve until SIGTERM, or migrate and end."""
    settings = EventingSettings.load()
    set_up_logs("eventing", settings.log_level)
    match sys.argv[1:]:
        case []:
            asyncio.run(_serve(settings))
        case ["migrate"]:
            migrate(database(settings))
        case _:
            raise ConfigurationError("eventing takes no argument, or 'migrate'")


async def _serve(settings: EventingSettings) -> None:
    drain = Drain()
    eventing = Eventing(settings, drain)
    address = Address(
        settings.listen_host,
        settings.listen_port,
        drain_seconds=settings.drain_seconds,
        grace_seconds=settings.grace_seconds,
    )
    async with eventing.running():
        await listen(http_server(eventing.http_app(), address), None, address, drain)


if __name__ == "__main__":
    run(start)
