"""The quarantine as rows."""

from collections.abc import Sequence
from dataclasses import asdict, fields, replace
from typing import Any, Literal

from sqlalchemy import Connection, Row, insert, select, tuple_, update

from eventing.ledger import Quarantined
from eventing.outbox_rows import Rows
from eventing.schema import QUARANTINE

_FIELDS = [field.name for field in fields(Quarantined)]


def insert_entries(connection: Connection, entries: Sequence[Quarantined], now: float) -> None:
    """Record what was given up on, within a transaction that gives it up."""
    if entries:
        connection.execute(insert(QUARANTINE), [asdict(replace(each, created_at=now)) for each in entries])


class SqlQuarantine:
    """`ledger.Quarantine`."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def add(self, entry: Quarantined) -> None:
        row = asdict(replace(entry, created_at=self._rows.clock()))
        with self._rows.database.transaction() as connection:
            self._rows.database.insert_new(connection, QUARANTINE, [row])

    def entries(self, *, state: str | None = None, limit: int = 50, after: str | None = None) -> list[Quarantined]:
        wanted = select(QUARANTINE).order_by(QUARANTINE.c.created_at.desc(), QUARANTINE.c.id.desc()).limit(limit)
        if state:
            wanted = wanted.where(QUARANTINE.c.state == state)
        if after:
            last = select(QUARANTINE.c.created_at).where(QUARANTINE.c.id == after).scalar_subquery()
            wanted = wanted.where(tuple_(QUARANTINE.c.created_at, QUARANTINE.c.id) < tuple_(last, after))
        with self._rows.database.transaction() as connection:
            return [_entry(row) for row in connection.execute(wanted)]

    def entry(self, entry_id: str) -> Quarantined | None:
        with self._rows.database.transaction() as connection:
            row = connection.execute(select(QUARANTINE).where(QUARANTINE.c.id == entry_id)).one_or_none()
            return None if row is None else _entry(row)

    def settle(self, entry_id: str, state: Literal["replayed", "dropped"], replayed_as: str | None = None) -> bool:
        settled = update(QUARANTINE).where(QUARANTINE.c.id == entry_id, QUARANTINE.c.state == "open")
        with self._rows.database.transaction() as connection:
            return connection.execute(settled.values(state=state, replayed_as=replayed_as)).rowcount == 1


def _entry(row: Row[Any]) -> Quarantined:
    return Quarantined(**{name: getattr(row, name) for name in _FIELDS})
