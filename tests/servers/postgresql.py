"""A PostgreSQL cluster of the test run's own, started as `summit up --full` does, with no care for crashes."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from servers.processes import free_ports, started

from cli.backing.postgresql import Postgresql

_CARELESS = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}


@dataclass(frozen=True)
class PostgresqlServer(Postgresql):
    """A running server, with a superuser `postgres` who needs no password."""

    def make_database(self, name: str) -> None:
        """An empty database of this name; one that was there before is gone."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        Postgresql.make_database(self, name)


@contextmanager
def postgresql_server() -> Iterator[PostgresqlServer]:
    """A server with an empty cluster."""
    folder = Path(tempfile.mkdtemp(prefix="postgresql-"))  # not pytest's: another user cannot enter it
    try:
        folder.chmod(0o711)
        server = PostgresqlServer(folder / "cluster", free_ports(1)[0])
        server.make("--no-sync")
        with started(server.program(**_CARELESS), log=folder / "log", is_ready=server.is_ready):
            yield server
    finally:
        shutil.rmtree(folder)
