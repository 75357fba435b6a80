"""The ledger over SQLite or PostgreSQL, put together."""

import time

from sqlalchemy import delete, func, select

from eventing.chunk_rows import SqlChunks
from eventing.database import Database, is_due
from eventing.job_rows import SqlJobs, job_of, tell_again
from eventing.ledger import Backlog, ChunkState, Ledger, Timing
from eventing.outbox_rows import Clock, Rows, SqlOutbox
from eventing.quarantine_rows import SqlQuarantine
from eventing.queue_rows import SqlQueue
from eventing.ray_rows import SqlRayRuns
from eventing.schema import CHUNKS, JOBS, OUTBOX, QUARANTINE
from summit_inference.jobs import JobState

_REVIVED = 100
_OPEN = (JobState.SCANNING, JobState.RUNNING)


def sql_ledger(database: Database, timing: Timing | None = None, clock: Clock = time.time) -> Ledger:
    """The ledger in this database, whose schema is the present one."""
    rows = Rows(database, timing or Timing(), clock)
    return Ledger(
        jobs=SqlJobs(rows),
        chunks=SqlChunks(rows),
        outbox=SqlOutbox(rows),
        queue=SqlQueue(rows),
        quarantine=SqlQuarantine(rows),
        ray=SqlRayRuns(rows),
        upkeep=SqlUpkeep(rows),
    )


class SqlUpkeep:
    """`ledger.Upkeep`."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def revive(self) -> int:
        now, timing = self._rows.clock(), self._rows.timing
        is_silent = is_due(JOBS.c.updated_at, now - timing.republish_seconds, timing.republish_seconds)
        waits_for_us = (JOBS.c.state == JobState.SCANNING) | (JOBS.c.chunks_done == JOBS.c.chunks_total)
        wanted = select(JOBS).where(JOBS.c.state.in_(_OPEN), is_silent, waits_for_us)
        with self._rows.database.transaction() as connection:
            found = connection.execute(wanted.limit(_REVIVED).with_for_update(skip_locked=True)).all()
            for row in found:
                tell_again(connection, self._rows, job_of(row))
        return len(found)

    def backlog(self) -> Backlog:
        is_open = JOBS.c.state.in_(_OPEN)
        with self._rows.database.transaction() as connection:
            jobs, oldest = connection.execute(select(func.count(), func.min(JOBS.c.created_at)).where(is_open)).one()
            chunks = select(func.count()).select_from(CHUNKS.join(JOBS, JOBS.c.job_id == CHUNKS.c.job_id))
            chunks = chunks.where(is_open, CHUNKS.c.state == ChunkState.OPEN, CHUNKS.c.attempt == JOBS.c.attempt)
            quarantined = select(func.count()).where(QUARANTINE.c.state == "open")
            return Backlog(
                jobs=jobs,
                oldest_seconds=max(0.0, self._rows.clock() - oldest) if oldest is not None else 0.0,
                chunks=connection.scalar(chunks) or 0,
                outbox=connection.scalar(select(func.count()).select_from(OUTBOX)) or 0,
                quarantined=connection.scalar(quarantined) or 0,
            )

    def purge(self, *, jobs_seconds: float, quarantine_seconds: float) -> int:
        now = self._rows.clock()
        with self._rows.database.transaction() as connection:
            is_old = JOBS.c.state.not_in(_OPEN) & (JOBS.c.finished_at < now - jobs_seconds)
            removed = connection.execute(delete(JOBS).where(is_old)).rowcount
            is_settled = (QUARANTINE.c.state != "open") & (QUARANTINE.c.created_at < now - quarantine_seconds)
            connection.execute(delete(QUARANTINE).where(is_settled))
        return removed
