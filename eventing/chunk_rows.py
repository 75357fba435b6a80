"""Chunks as rows: leased, given back, split, and finished once."""

from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

import orjson
from sqlalchemy import Connection, Row, Select, insert, or_, select, update

from eventing import ledger_events
from eventing.database import is_due
from eventing.document import Document
from eventing.job_rows import change, finish_if_done, job_of, locked, range_of
from eventing.ledger import (
    Chunk,
    ChunkResult,
    ChunkState,
    FinishedChunk,
    Job,
    Leased,
    NoLease,
    Quarantined,
)
from eventing.outbox_rows import Rows, record
from eventing.quarantine_rows import insert_entries
from eventing.schema import CHUNKS, INLINE, JOBS


class SqlChunks:
    """`ledger.ChunkLedger`."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def lease(self, job_id: str, attempt: int, chunk_id: str, owner: str) -> Leased | NoLease:
        now, seconds = self._rows.clock(), self._rows.timing.lease_seconds
        is_free = or_(CHUNKS.c.lease_until.is_(None), is_due(CHUNKS.c.lease_until, now, seconds))
        lease = {"lease_owner": owner, "lease_until": now + seconds, "publish_at": now + seconds}
        with self._rows.database.transaction() as connection:
            found = connection.execute(select(JOBS).where(JOBS.c.job_id == job_id)).one_or_none()
            if found is None or job_of(found).state.is_over or found.attempt != attempt:
                return NoLease.OVER
            row = connection.execute(
                update(CHUNKS)
                .where(_is(job_id, attempt, chunk_id), CHUNKS.c.state == ChunkState.OPEN, is_free)
                .values(tries=CHUNKS.c.tries + 1, **lease)
                .returning(CHUNKS)
            ).one_or_none()
            if row is not None:
                return Leased(job_of(found), _chunk_of(row), owner)
            state = connection.scalar(select(CHUNKS.c.state).where(_is(job_id, attempt, chunk_id)))
        if state is None:
            return NoLease.OVER
        return NoLease.TAKEN if state == ChunkState.OPEN else NoLease.DONE

    def chunk(self, job_id: str, attempt: int, chunk_id: str) -> Chunk | None:
        with self._rows.database.transaction() as connection:
            row = connection.execute(select(CHUNKS).where(_is(job_id, attempt, chunk_id))).one_or_none()
            return None if row is None else _chunk_of(row)

    def documents(self, chunk: Chunk) -> list[Document]:
        with self._rows.database.transaction() as connection:
            wanted = select(INLINE.c.documents).where(
                INLINE.c.job_id == chunk.job_id, INLINE.c.root_id == chunk.root_id
            )
            text = connection.scalar(wanted)
        return [Document(**each) for each in orjson.loads(text or "[]")][chunk.skip : chunk.skip + chunk.take]

    def release(self, leased: Leased, *, was_busy: bool, delay_seconds: float = 0.0) -> None:
        now, chunk = self._rows.clock(), leased.chunk
        values: dict[str, Any] = {"lease_owner": None, "lease_until": None, "publish_at": now + delay_seconds}
        values |= {"tries": CHUNKS.c.tries - 1} if was_busy else {}
        with self._rows.database.transaction() as connection:
            connection.execute(
                update(CHUNKS)
                .where(_is(chunk.job_id, chunk.attempt, chunk.chunk_id), CHUNKS.c.lease_owner == leased.owner)
                .values(refused_at=now, **values)
            )

    def finish(self, leased: Leased, result: ChunkResult, quarantined: Sequence[Quarantined] = ()) -> bool:
        now, chunk = self._rows.clock(), leased.chunk
        with self._rows.database.transaction() as connection:
            job = _at_work(locked(connection, chunk.job_id), chunk)
            if job is None or not self._close(connection, chunk, ChunkState.DONE, _result_values(result, now)):
                return False
            done = replace(
                job,
                done=job.done + result.documents,
                failed=job.failed + result.failed,
                quarantined=job.quarantined + len(quarantined),
                chunks_done=job.chunks_done + 1,
            )
            insert_entries(connection, quarantined, now)
            self._count(connection, done, now)
            finish_if_done(connection, self._rows, job.job_id)
        return True

    def split(self, leased: Leased) -> bool:
        chunk = leased.chunk
        with self._rows.database.transaction() as connection:
            job = _at_work(locked(connection, chunk.job_id), chunk)
            if job is None or not self._close(connection, chunk, ChunkState.SPLIT, {}):
                return False
            half, now = chunk.take // 2, self._rows.clock()
            parent = connection.execute(select(CHUNKS).where(_is(chunk.job_id, chunk.attempt, chunk.chunk_id))).one()
            inherited = {
                "root_id": parent.root_id,
                "part": parent.part,
                "range": parent.range,
                "attempt": chunk.attempt,
            }
            fresh = {"job_id": chunk.job_id, "state": ChunkState.OPEN, "tries": 0, "publications": 0, "publish_at": now}
            fresh["refused_at"] = parent.refused_at  # what its halves fail at counts at once
            halves = [
                {"chunk_id": f"{chunk.chunk_id}.0", "skip": chunk.skip, "take": half},
                {"chunk_id": f"{chunk.chunk_id}.1", "skip": chunk.skip + half, "take": chunk.take - half},
            ]
            connection.execute(insert(CHUNKS), [inherited | fresh | each for each in halves])
            change(connection, chunk.job_id, chunks_total=job.chunks_total + 1, updated_at=now)
        return True

    def republish(self, job_id: str, attempt: int, chunk_id: str, delay_seconds: float) -> None:
        at = self._rows.clock() + delay_seconds
        with self._rows.database.transaction() as connection:
            mine = update(CHUNKS).where(_is(job_id, attempt, chunk_id), CHUNKS.c.publish_at.is_not(None))
            connection.execute(mine.values(publish_at=at))

    def finished(self, job_id: str, attempt: int, *, after: str = "", limit: int = 1000) -> list[FinishedChunk]:
        wanted = _in_state(ChunkState.DONE, job_id, attempt, after, limit)
        with self._rows.database.transaction() as connection:
            return [FinishedChunk(row.chunk_id, _result_of(row)) for row in connection.execute(wanted)]

    def open(self, job_id: str, attempt: int, *, after: str = "", limit: int = 1000) -> list[Chunk]:
        with self._rows.database.transaction() as connection:
            wanted = _in_state(ChunkState.OPEN, job_id, attempt, after, limit)
            return [_chunk_of(row) for row in connection.execute(wanted)]

    @staticmethod
    def _close(connection: Connection, chunk: Chunk, state: ChunkState, values: dict[str, Any]) -> bool:
        """Whether this is the first to close it: whoever holds the lease, the first result counts."""
        closed = (
            update(CHUNKS)
            .where(_is(chunk.job_id, chunk.attempt, chunk.chunk_id), CHUNKS.c.state == ChunkState.OPEN)
            .values(state=state, lease_owner=None, lease_until=None, publish_at=None, **values)
        )
        return connection.execute(closed).rowcount == 1

    def _count(self, connection: Connection, job: Job, now: float) -> None:
        change(
            connection, job.job_id, done=job.done, failed=job.failed, quarantined=job.quarantined,
            chunks_done=job.chunks_done, updated_at=now,
        )  # fmt: skip
        last = JOBS.c.progressed_at
        is_time = or_(last <= now - self._rows.timing.progress_seconds, last > now)
        told = update(JOBS).where(JOBS.c.job_id == job.job_id, is_time).values(progressed_at=now)
        if connection.execute(told).rowcount:
            record(connection, [ledger_events.progressed(job, self._rows.timing.source)], now)


def _is(job_id: str, attempt: int, chunk_id: str) -> Any:
    return (CHUNKS.c.job_id == job_id) & (CHUNKS.c.attempt == attempt) & (CHUNKS.c.chunk_id == chunk_id)


def _in_state(state: ChunkState, job_id: str, attempt: int, after: str, limit: int) -> Select[Any]:
    """A page of the attempt's chunks in this state, by their ids."""
    return (
        select(CHUNKS)
        .where(CHUNKS.c.job_id == job_id, CHUNKS.c.attempt == attempt, CHUNKS.c.state == state)
        .where(CHUNKS.c.chunk_id > after)
        .order_by(CHUNKS.c.chunk_id)
        .limit(limit)
    )


def _at_work(job: Job | None, chunk: Chunk) -> Job | None:
    """The job, if the chunk's attempt is still its own."""
    return job if job and job.attempt == chunk.attempt and not job.state.is_over else None


def _chunk_of(row: Row[Any]) -> Chunk:
    found = range_of(row.range) if row.range else None
    return Chunk(
        row.job_id,
        row.attempt,
        row.chunk_id,
        row.root_id,
        found,
        row.skip,
        row.take,
        row.tries,
        row.refused_at is not None,
    )


def _result_of(row: Row[Any]) -> ChunkResult:
    return ChunkResult(row.result_uri, row.result_sha256, row.documents, row.failed, row.errors_uri, row.errors_sha256)


def _result_values(result: ChunkResult, now: float) -> dict[str, Any]:
    values = asdict(result)
    return {"result_uri": values.pop("uri"), "result_sha256": values.pop("sha256"), "finished_at": now, **values}
