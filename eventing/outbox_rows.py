"""The outbox as rows: events of jobs in a table of their own, those of chunks in the chunks themselves.

A chunk's event says no more than which chunk it is, so its row is its entry: it is published when it is opened, and
again when so much time has passed that its event must be lost, or its consumer dead.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, delete, func, insert, or_, select, update

from eventing.database import Database, is_ahead, is_due
from eventing.ledger import ChunkState, Outgoing, Timing
from eventing.schema import CHUNKS, JOBS, OUTBOX
from summit_inference.cloudevent import Event, structured_decoded, structured_encoded
from summit_inference.events import ChunkData, event_of

Clock = Callable[[], float]
_MAX_DOUBLINGS = 4


@dataclass(frozen=True, slots=True)
class Rows:
    """What every part of the ledger needs."""

    database: Database
    timing: Timing
    clock: Clock = time.time


def record(connection: Connection, events: Sequence[Event], at: float) -> None:
    """Write the events down within a transaction that changes what they tell of."""
    rows = [{"event": structured_encoded(event).body.decode(), "available_at": at} for event in events]
    if rows:
        connection.execute(insert(OUTBOX), rows)


class SqlOutbox:
    """`ledger.Outbox`."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def add(self, events: Sequence[Event], *, delay_seconds: float = 0.0) -> None:
        with self._rows.database.transaction() as connection:
            record(connection, events, self._rows.clock() + delay_seconds)

    def claim(self, limit: int) -> list[Outgoing]:
        with self._rows.database.transaction() as connection:
            events = self._claim_events(connection, limit)
            return events + self._claim_chunks(connection, limit - len(events))

    def published(self, outgoing: Sequence[Outgoing]) -> None:
        numbers = [each.number for each in outgoing if each.number is not None]
        if numbers:
            with self._rows.database.transaction() as connection:
                connection.execute(delete(OUTBOX).where(OUTBOX.c.number.in_(numbers)))

    def unpublished(self, outgoing: Sequence[Outgoing], delay_seconds: float) -> None:
        at = self._rows.clock() + delay_seconds
        numbers = [each.number for each in outgoing if each.number is not None]
        chunks = [ChunkData.model_validate_json(each.event.data) for each in outgoing if each.number is None]
        with self._rows.database.transaction() as connection:
            connection.execute(update(OUTBOX).where(OUTBOX.c.number.in_(numbers)).values(available_at=at))
            for each in chunks:
                mine = _is(each.job_id, each.attempt, each.chunk_id) & CHUNKS.c.publish_at.is_not(None)
                connection.execute(update(CHUNKS).where(mine).values(publish_at=at))

    def _claim_events(self, connection: Connection, limit: int) -> list[Outgoing]:
        now, timing = self._rows.clock(), self._rows.timing
        found = connection.execute(
            select(OUTBOX)
            .where(is_due(OUTBOX.c.available_at, now, timing.claim_seconds + timing.delay_seconds))
            .order_by(OUTBOX.c.number)
            .limit(limit)
            .with_for_update(skip_locked=True)
        ).all()
        if found:
            mine = OUTBOX.c.number.in_([row.number for row in found])
            connection.execute(update(OUTBOX).where(mine).values(available_at=now + timing.claim_seconds))
        return [Outgoing(row.number, structured_decoded(row.event.encode())) for row in found]

    def _claim_chunks(self, connection: Connection, limit: int) -> list[Outgoing]:
        now, timing = self._rows.clock(), self._rows.timing
        horizon = timing.republish_seconds * 2**_MAX_DOUBLINGS + timing.lease_seconds + timing.delay_seconds
        # One that was never published was to be so at once: whatever the clock says now, its turn has come.
        is_new = (CHUNKS.c.publications == 0) & CHUNKS.c.publish_at.is_not(None)
        is_under_way = (CHUNKS.c.publications > 0) & is_ahead(CHUNKS.c.publish_at, now, horizon)
        under_way = connection.scalar(select(func.count()).where(CHUNKS.c.state == ChunkState.OPEN, is_under_way))
        limit = min(limit, timing.chunk_window - (under_way or 0))
        if limit <= 0:
            return []
        is_free = or_(CHUNKS.c.lease_until.is_(None), is_due(CHUNKS.c.lease_until, now, timing.lease_seconds))
        found = connection.execute(
            select(CHUNKS, JOBS.c.model_version)
            .join(JOBS, JOBS.c.job_id == CHUNKS.c.job_id)
            .where(CHUNKS.c.state == ChunkState.OPEN, or_(is_new, is_due(CHUNKS.c.publish_at, now, horizon)), is_free)
            .order_by(CHUNKS.c.publish_at, CHUNKS.c.chunk_id)
            .limit(limit)
            .with_for_update(skip_locked=True, of=CHUNKS)
        ).all()
        for row in found:
            again = timing.republish_seconds * 2 ** min(row.publications, _MAX_DOUBLINGS)
            connection.execute(
                update(CHUNKS)
                .where(_is(row.job_id, row.attempt, row.chunk_id))
                .values(publish_at=now + again, publications=row.publications + 1)
            )
        return [Outgoing(None, self._chunk_event(row)) for row in found]

    def _chunk_event(self, row: object) -> Event:
        data = ChunkData.model_validate(row, from_attributes=True)
        return event_of(data, source=self._rows.timing.source, id=f"{data.job_id}/{data.attempt}/{data.chunk_id}")


def _is(job_id: str, attempt: int, chunk_id: str) -> ColumnElement[bool]:
    return (CHUNKS.c.job_id == job_id) & (CHUNKS.c.attempt == attempt) & (CHUNKS.c.chunk_id == chunk_id)
