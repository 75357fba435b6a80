"""An S3 server of the test run's own, started as `summit up --full` does."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from servers.processes import free_ports, started

from cli.backing.s3 import PARTS, S3


@dataclass(frozen=True)
class S3Server(S3):
    """A running server and the one key pair that it knows."""

    def is_ready(self) -> bool:
        try:
            return httpx.get(f"{self.endpoint_url}/status", timeout=1).is_success
        except httpx.TransportError:
            return False


@contextmanager
def s3_server(folder: Path) -> Iterator[S3Server]:
    """A server that keeps its data in `folder`."""
    port, *ports = free_ports(1 + len(PARTS))
    server = S3Server(folder, port, ports, "test-access-key", "test-secret-key")
    server.make()
    with started(server.program(), log=folder / "log", is_ready=server.is_ready):
        yield server
