"""The ledger's database: SQLite on one machine, PostgreSQL in production, with one SQL for both."""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Double,
    Engine,
    Table,
    and_,
    create_engine,
    event,
    literal,
    or_,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, InterfaceError, OperationalError, SQLAlchemyError

from summit_inference.errors import ConfigurationError, InternalError, UpstreamUnreachable

_DRIVERS = {"sqlite": "sqlite+pysqlite", "postgresql": "postgresql+psycopg", "postgres": "postgresql+psycopg"}
_SQLITE = "sqlite"
_ROWS = 500
"""Of one statement: databases limit its values."""


class Database:
    """Connections to the ledger's database. For use by several threads."""

    def __init__(self, url: str, *, timeout_seconds: float = 10.0, connections: int = 8) -> None:
        self._timeout_seconds = timeout_seconds
        self.engine = self._engine(url, connections)

    @property
    def is_sqlite(self) -> bool:
        return self.engine.dialect.name == _SQLITE

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """One transaction. In SQLite the only one that writes, from its beginning on.

        Raises:
            UpstreamUnreachable: the database does not answer, is full, or another holds it too long; try again.
        """
        with database_errors(), self.engine.begin() as connection:
            yield connection

    def insert_new(self, connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> int:
        """Insert the rows that are not there yet; how many."""
        return sum(self._insert(connection, table, rows[at : at + _ROWS]) for at in range(0, len(rows), _ROWS))

    def _insert(self, connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> int:
        made = sqlite.insert(table) if self.is_sqlite else postgresql.insert(table)
        statement = made.values([dict(row) for row in rows]).on_conflict_do_nothing()
        return len(connection.execute(statement.returning(*table.primary_key)).all())  # `rowcount` is not always there

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()

    def _engine(self, url: str, connections: int) -> Engine:
        try:
            parsed = make_url(url)
            parsed = parsed.set(drivername=_DRIVERS[parsed.drivername.split("+")[0]])
        except (ArgumentError, KeyError):
            raise ConfigurationError("DATABASE_URL must be sqlite:///path or postgresql://user@host/database") from None
        if parsed.drivername.startswith(_SQLITE):
            engine = create_engine(parsed, connect_args={"timeout": self._timeout_seconds, "check_same_thread": False})
            event.listen(engine, "connect", _set_up_sqlite)
            event.listen(engine, "begin", _begin_immediate)
            return engine
        return create_engine(
            parsed,
            pool_size=connections,
            max_overflow=0,
            pool_timeout=self._timeout_seconds,
            pool_pre_ping=True,  # a database that was restarted has closed them all
            connect_args={"connect_timeout": max(1, int(self._timeout_seconds))},
        )


def _set_up_sqlite(connection: sqlite3.Connection, _: object) -> None:
    connection.isolation_level = None  # transactions begin where SQLAlchemy says, not at the first change
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")  # what is accepted survives the machine, not just the process
    connection.execute("PRAGMA foreign_keys = ON")


def _begin_immediate(connection: Connection) -> None:
    connection.execute(text("BEGIN IMMEDIATE"))  # a reader that wants to write later would be refused at once


@contextmanager
def database_errors() -> Iterator[None]:
    """What SQLAlchemy raises in the body, as our errors."""
    try:
        yield
    except (OperationalError, InterfaceError) as error:
        raise UpstreamUnreachable("The ledger's database does not answer; try again.") from error
    except DBAPIError as error:
        if error.connection_invalidated:
            raise UpstreamUnreachable("The ledger's database broke the connection off; try again.") from error
        raise InternalError("The ledger's database refused a statement.") from error
    except SQLAlchemyError as error:
        raise UpstreamUnreachable("No connection to the ledger's database is free; try again.") from error


def is_due(column: ColumnElement[Any], now: float, horizon_seconds: float) -> ColumnElement[bool]:
    """Whether the instant is past, or farther ahead than anything is ever set: then the clock has jumped back."""
    return or_(column <= literal(now, Double), column > literal(now + horizon_seconds, Double))


def is_ahead(column: ColumnElement[Any], now: float, horizon_seconds: float) -> ColumnElement[bool]:
    """The opposite."""
    return and_(column > literal(now, Double), column <= literal(now + horizon_seconds, Double))
