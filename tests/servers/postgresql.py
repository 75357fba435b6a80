"""A PostgreSQL cluster of the test run's own, on loopback, with no care for crashes."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from servers.processes import free_ports, program, running

_INSTALL = "apt-get install postgresql"
_FOLDERS = [str(folder) for folder in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)]
_CARELESS = (
    "fsync=off",
    "full_page_writes=off",
    "synchronous_commit=off",
    "listen_addresses=127.0.0.1",
    "unix_socket_directories=",
)


@dataclass(frozen=True)
class PostgresqlServer:
    """A running server, with a superuser `postgres` who needs no password."""

    port: int

    def url(self, database: str, driver: str = "postgresql") -> str:
        return f"{driver}://postgres@127.0.0.1:{self.port}/{database}"

    def make_database(self, name: str) -> None:
        """An empty database of this name; one that was there before is gone."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
            connection.execute(f'CREATE DATABASE "{name}"')

    def is_ready(self) -> bool:
        try:
            psycopg.connect(self.url("postgres"), connect_timeout=1).close()
        except psycopg.OperationalError:
            return False
        return True


@contextmanager
def postgresql_server() -> Iterator[PostgresqlServer]:
    """A server with an empty cluster. It refuses to run as root, so then it runs as the user that its package made."""
    initdb, postgres = (program(name, install=_INSTALL, folders=_FOLDERS) for name in ("initdb", "postgres"))
    user = "postgres" if os.getuid() == 0 else None
    folder = Path(tempfile.mkdtemp(prefix="postgresql-"))  # not pytest's: another user cannot enter it
    try:
        if user is not None:
            os.chown(folder, pwd.getpwnam(user).pw_uid, pwd.getpwnam(user).pw_gid)
        cluster = folder / "cluster"
        make = [initdb, "-D", str(cluster), "-U", "postgres", "-A", "trust", "--no-sync", "-E", "UTF8", "--locale=C"]
        subprocess.run(make, check=True, capture_output=True, user=user, group=user, cwd=folder)
        server = PostgresqlServer(free_ports(1)[0])
        options = [part for option in _CARELESS for part in ("-c", option)]
        command = [postgres, "-D", str(cluster), "-p", str(server.port), *options]
        with running(command, log=folder / "log", is_ready=server.is_ready, user=user):
            yield server
    finally:
        shutil.rmtree(folder)
