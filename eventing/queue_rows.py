"""The embedded queue as rows: what a broker keeps, where there is none."""

from collections.abc import Sequence

from sqlalchemy import delete, or_, select, update

from eventing.database import is_due
from eventing.ledger import Message
from eventing.outbox_rows import Rows
from eventing.schema import CHUNKS, OUTBOX, QUEUE
from summit_inference.cloudevent import Event, structured_decoded, structured_encoded
from summit_inference.events import ChunkData


class SqlQueue:
    """`ledger.Queue`."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def enqueue(self, events: Sequence[Event]) -> None:
        now = self._rows.clock()
        rows = [
            {
                "source": each.source,
                "event_id": each.id,
                "needs_model": each.type == ChunkData.event_type,
                "event": structured_encoded(each).body.decode(),
                "available_at": now,
                "tries": 0,
            }
            for each in events
        ]
        with self._rows.database.transaction() as connection:
            self._rows.database.insert_new(connection, QUEUE, rows)

    def claim(self, limit: int, seconds: float, *, needs_model: bool) -> list[Message]:
        now = self._rows.clock()
        is_new = QUEUE.c.tries == 0  # its turn has come, whatever the clock says now
        is_back = is_due(QUEUE.c.available_at, now, seconds + self._rows.timing.delay_seconds)
        with self._rows.database.transaction() as connection:
            found = connection.execute(
                select(QUEUE)
                .where(QUEUE.c.needs_model == needs_model, or_(is_new, is_back))
                .order_by(QUEUE.c.available_at, QUEUE.c.number)
                .limit(limit)
                .with_for_update(skip_locked=True)
            ).all()
            mine = QUEUE.c.number.in_([row.number for row in found])
            if found:
                connection.execute(
                    update(QUEUE).where(mine).values(available_at=now + seconds, tries=QUEUE.c.tries + 1)
                )
        return [Message(row.number, structured_decoded(row.event.encode()), row.tries + 1) for row in found]

    def acknowledge(self, message: Message) -> None:
        with self._rows.database.transaction() as connection:
            connection.execute(delete(QUEUE).where(QUEUE.c.number == message.id))

    def retry(self, message: Message, delay_seconds: float) -> None:
        at = self._rows.clock() + delay_seconds
        with self._rows.database.transaction() as connection:
            connection.execute(update(QUEUE).where(QUEUE.c.number == message.id).values(available_at=at))

    def recover(self) -> None:
        now = self._rows.clock()
        with self._rows.database.transaction() as connection:
            connection.execute(update(QUEUE).where(QUEUE.c.tries > 0).values(available_at=now))
            connection.execute(update(OUTBOX).values(available_at=now))
            leased = CHUNKS.c.lease_until.is_not(None)
            connection.execute(update(CHUNKS).where(leased).values(lease_owner=None, lease_until=None, publish_at=now))
