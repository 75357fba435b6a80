"""`python -m eventing` as a process."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from servers.processes import answers, free_ports, running


@dataclass(frozen=True)
class EventingServer:
    """A consumer that runs."""

    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def is_ready(self) -> bool:
        """Whether it takes events."""
        try:
            return answers(self.port) and httpx.get(f"{self.url}/ready", timeout=2).is_success
        except httpx.TransportError:
            return False


@contextmanager
def eventing_server(
    gateway_url: str, folder: Path, *, port: int | None = None, **settings: str
) -> Iterator[EventingServer]:
    """A consumer whose chunks ask that gateway; its ledger and results are in the folder where no setting says else."""
    server = EventingServer(port or free_ports(1)[0])
    environment = {
        "EVENTING_LISTEN_PORT": str(server.port),
        "EVENTING_DRAIN_SECONDS": "0",
        "EVENTING_RESULTS_URI": (folder / "results").as_uri(),
        "EVENTING_POLL_SECONDS": "0.05",
        "EVENTING_WATCH_SECONDS": "0.5",
        "DATABASE_URL": f"sqlite:///{folder / 'ledger.db'}",
        "AI_SERVICE_URL": gateway_url,
        "AI_GATEWAY_TOKEN": "",
        "K_SINK": "",
    }
    with running(
        [sys.executable, "-P", "-m", "eventing"],
        log=folder / "eventing.log",
        is_ready=server.is_ready,
        environment=environment | settings,
    ):
        yield server
