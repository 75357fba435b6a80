"""An S3 on loopback: SeaweedFS, with one key pair."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cli.backing.programs import path_of
from serving.supervisor import Program

PARTS = (
    "master.port", "master.port.grpc", "volume.port", "volume.port.grpc", "filer.port", "filer.port.grpc",
    "s3.port.grpc", "s3.port.iceberg", "s3.port.lance",
)  # fmt: skip
"""What listens besides the S3 port itself."""
_REGION = "us-east-1"


@dataclass(frozen=True, slots=True)
class S3:
    """One server and the key pair that may do everything in it."""

    folder: Path
    port: int
    part_ports: Sequence[int]
    """A port for each of `PARTS`."""
    access_key: str
    secret_key: str

    @property
    def endpoint_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def environment(self) -> Mapping[str, str]:
        """What programs need to use it: boto3's and MLflow's variables."""
        return {
            "AWS_ACCESS_KEY_ID": self.access_key,
            "AWS_SECRET_ACCESS_KEY": self.secret_key,
            "AWS_DEFAULT_REGION": _REGION,
            "AWS_ENDPOINT_URL_S3": self.endpoint_url,
            "MLFLOW_S3_ENDPOINT_URL": self.endpoint_url,
        }

    def make(self) -> None:
        """Its folder and its key pair."""
        (self.folder / "data").mkdir(parents=True, exist_ok=True, mode=0o700)
        credentials = [{"accessKey": self.access_key, "secretKey": self.secret_key}]
        actions = ["Admin", "Read", "List", "Tagging", "Write"]
        identities = {"identities": [{"name": "summit", "credentials": credentials, "actions": actions}]}
        self._identities.write_text(json.dumps(identities), "utf-8")
        self._identities.chmod(0o600)

    def program(self) -> Program:
        """The process."""
        command = [
            *(path_of("weed"), "server", f"-dir={self.folder / 'data'}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1"),
            *("-filer", "-s3", f"-s3.port={self.port}", f"-s3.config={self._identities}"),
            *(f"-{name}={port}" for name, port in zip(PARTS, self.part_ports, strict=True)),
            *("-master.volumeSizeLimitMB=64", "-volume.max=0", "-volume.minFreeSpacePercent=1"),
            "-volume.preStopSeconds=0",
        ]
        return Program("s3", command, rank=0)

    def client(self) -> Any:
        """boto3's client for it."""
        import boto3  # noqa: PLC0415 - takes half a second

        return boto3.client(
            "s3",
            endpoint_url=self.endpoint_url,
            aws_access_key_id=self.access_key,
            aws_secret_access_key=self.secret_key,
            region_name=_REGION,
        )

    def make_buckets(self, names: Iterable[str]) -> None:
        """Buckets of these names, where there are none."""
        client = self.client()
        present = {bucket["Name"] for bucket in client.list_buckets()["Buckets"]}
        for name in names:
            if name not in present:
                client.create_bucket(Bucket=name)

    @property
    def _identities(self) -> Path:
        return self.folder / "identities.json"
