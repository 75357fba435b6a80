"""Registries of each kind that is spoken to, empty, with a way into their artifact stores past them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from servers.mlflow_server import mlflow_server
from servers.postgresql import postgresql_server
from servers.s3 import s3_server

from registry.reference import ModelReference
from registry.store import Connection

_BUCKET = "models"


@dataclass(frozen=True)
class Registry:
    """One registry."""

    connection: Connection
    write: Callable[[ModelReference, str, bytes], None]
    """Put other content in the place of one of a version's stored files."""


@contextmanager
def embedded_registry(folder: Path) -> Iterator[Registry]:
    """A database with no server."""

    def write(reference: ModelReference, path: str, content: bytes) -> None:
        Path(reference.source, path).write_bytes(content)

    yield Registry(Connection(f"sqlite:///{folder}/mlflow.db"), write)


@contextmanager
def registry_on_files(folder: Path) -> Iterator[Registry]:
    """A server on SQLite, which passes artifacts on from its own disk."""
    store = folder / "artifacts"

    def write(reference: ModelReference, path: str, content: bytes) -> None:
        (store / reference.source.removeprefix("mlflow-artifacts:/") / path).write_bytes(content)

    with mlflow_server(folder, f"sqlite:///{folder}/mlflow.db", ["--artifacts-destination", str(store)]) as server:
        yield Registry(Connection(server.tracking_uri), write)


@contextmanager
def registry_on_s3(folder: Path) -> Iterator[Registry]:
    """A server on PostgreSQL, whose artifacts everybody reads and writes in a bucket of SeaweedFS."""
    with postgresql_server() as postgresql, s3_server(folder) as s3, pytest.MonkeyPatch.context() as patch:
        postgresql.make_database("mlflow")
        s3.client().create_bucket(Bucket=_BUCKET)
        for name, value in s3.environment.items():  # boto3 reads them, here and in the server
            patch.setenv(name, value)

        def write(reference: ModelReference, path: str, content: bytes) -> None:
            key = reference.source.removeprefix(f"s3://{_BUCKET}/")
            s3.client().put_object(Bucket=_BUCKET, Key=f"{key}/{path}", Body=content)

        database = postgresql.url("mlflow", driver="postgresql+psycopg")
        options = ["--default-artifact-root", f"s3://{_BUCKET}/runs", "--no-serve-artifacts"]
        with mlflow_server(folder, database, options) as server:
            yield Registry(Connection(server.tracking_uri, s3_endpoint_url=s3.endpoint_url), write)
