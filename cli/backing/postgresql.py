"""A PostgreSQL on loopback, with databases of the platform alone."""

import subprocess
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile

import psycopg
from psycopg import sql

from cli.backing.owner import give, make_folder, user_of
from cli.backing.programs import path_of
from serving.supervisor import Program

_USER = "postgres"


@dataclass(frozen=True, slots=True)
class Postgresql:
    """One cluster of databases, and the superuser `postgres` in it."""

    folder: Path
    port: int
    password: str = ""
    """Of the superuser; none: whoever comes to the port is trusted."""

    def url(self, database: str, driver: str = "postgresql") -> str:
        password = f":{self.password}" if self.password else ""
        return f"{driver}://{_USER}{password}@127.0.0.1:{self.port}/{database}"

    def make(self, *options: str) -> None:
        """The cluster's files, where there are none; `options` are initdb's."""
        user = user_of("postgres")
        make_folder(self.folder, user)
        if (self.folder / "PG_VERSION").exists():
            return
        with NamedTemporaryFile("w") as secret:
            secret.write(self.password)
            secret.flush()
            give(Path(secret.name), user)
            access = ["-A", "scram-sha-256", f"--pwfile={secret.name}"] if self.password else ["-A", "trust"]
            command = [path_of("initdb"), "-D", str(self.folder), "-U", _USER, *access, "-E", "UTF8", "--locale=C"]
            subprocess.run(  # noqa: S603 - our own arguments
                [*command, *options], check=True, capture_output=True, user=user or None, group=user or None, cwd="/"
            )

    def program(self, **settings: str) -> Program:
        """The process; `settings` are the server's own, besides ours."""
        ours = {"listen_addresses": "127.0.0.1", "unix_socket_directories": ""}
        options = [part for name, value in (ours | settings).items() for part in ("-c", f"{name}={value}")]
        command = [path_of("postgres"), "-D", str(self.folder), "-p", str(self.port), *options]
        user = user_of("postgres")
        return Program("postgresql", command, rank=0, stop_signal="INT", user=user, folder=self.folder)

    def is_ready(self) -> bool:
        """Whether it lets the superuser in."""
        try:
            psycopg.connect(self.url("postgres"), connect_timeout=1).close()
        except psycopg.OperationalError:
            return False
        return True

    def make_database(self, name: str) -> None:
        """A database of this name, where there is none."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
