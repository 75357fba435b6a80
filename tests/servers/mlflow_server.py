"""An MLflow server of the test run's own, on loopback."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from servers.processes import free_ports, running

_QUIET = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",  # it would start further processes
}


@dataclass(frozen=True)
class MlflowServer:
    """A running tracking server with a registry."""

    tracking_uri: str

    def is_ready(self) -> bool:
        try:
            return httpx.get(f"{self.tracking_uri}/health", timeout=1).is_success
        except httpx.TransportError:
            return False


@contextmanager
def mlflow_server(folder: Path, database_url: str, artifact_options: Sequence[str]) -> Iterator[MlflowServer]:
    """A server over the database. `artifact_options` say where artifacts go, as `mlflow server` takes them."""
    (port,) = free_ports(1)
    server = MlflowServer(f"http://127.0.0.1:{port}")
    command = [
        *(sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"),
        *("--backend-store-uri", database_url, *artifact_options),
    ]
    log = folder / "mlflow.log"
    with running(command, log=log, is_ready=server.is_ready, environment=_QUIET):
        yield server
