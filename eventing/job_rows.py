"""Jobs and their parts as rows."""

from collections.abc import Sequence
from dataclasses import asdict, fields
from typing import Any

import orjson
from sqlalchemy import Connection, Row, func, insert, select, tuple_, update

from eventing import ledger_events
from eventing.chunk_range import Range
from eventing.documents import ObjectReference
from eventing.ledger import ChunkState, Job, NewJob, Part, Scanned
from eventing.outbox_rows import Rows, record
from eventing.ray_rows import give_to_ray
from eventing.schema import CHUNKS, INLINE, JOBS, PARTS, SEEN
from summit_inference.errors import Conflict, Overloaded
from summit_inference.events import FailedData, StoredObject
from summit_inference.jobs import JobState

_OPEN_STATES = (JobState.SCANNING, JobState.RUNNING)
_FIELDS = [field.name for field in fields(Job)]


def range_of(text: str) -> Range:
    """The range that a row holds."""
    return Range(**orjson.loads(text))


def job_of(row: Row[Any]) -> Job:
    """The job in a row of the table."""
    values = {name: getattr(row, name) for name in _FIELDS}
    return Job(**{**values, "state": JobState(row.state)})


def locked(connection: Connection, job_id: str) -> Job | None:
    """The job, which nobody else changes until the transaction ends. First of all locks, so that none cross."""
    row = connection.execute(select(JOBS).where(JOBS.c.job_id == job_id).with_for_update()).one_or_none()
    return None if row is None else job_of(row)


def change(connection: Connection, job_id: str, **values: object) -> None:
    """Set columns of the job."""
    connection.execute(update(JOBS).where(JOBS.c.job_id == job_id).values(**values))


def finish_if_done(connection: Connection, rows: Rows, job_id: str) -> None:
    """Let the event to finish the job go out, once nothing of it is open."""
    job = locked(connection, job_id)
    if job and job.state is JobState.RUNNING and job.chunks_done == job.chunks_total:
        record(connection, [ledger_events.finish(job_id, job.attempt, rows.timing.source)], rows.clock())


def tell_again(connection: Connection, rows: Rows, job: Job) -> None:
    """Let the events go out that an open job waits for: to scan its parts, or to finish it."""
    parts = _open_parts(connection, job.job_id)
    record(connection, ledger_events.scans(job.job_id, job.attempt, parts, rows.timing.source), rows.clock())
    change(connection, job.job_id, updated_at=rows.clock())
    finish_if_done(connection, rows, job.job_id)


class SqlJobs:
    """`ledger.JobLedger`."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def accept(self, new: NewJob) -> bool:
        with self._rows.database.transaction() as connection:
            return self._record(connection, new)

    def refuse(self, new: NewJob, failed: FailedData) -> bool:
        with self._rows.database.transaction() as connection:
            return self._record(connection, new) and self._end(connection, failed, JobState.FAILED)

    def has_seen(self, source: str, event_id: str) -> bool:
        with self._rows.database.transaction() as connection:
            return self._job_of_event(connection, source, event_id) is not None

    def job(self, job_id: str) -> Job | None:
        with self._rows.database.transaction() as connection:
            row = connection.execute(select(JOBS).where(JOBS.c.job_id == job_id)).one_or_none()
            return None if row is None else job_of(row)

    def jobs(self, *, state: JobState | None = None, limit: int = 50, after: str | None = None) -> list[Job]:
        wanted = select(JOBS).order_by(JOBS.c.created_at.desc(), JOBS.c.job_id.desc()).limit(limit)
        if state:
            wanted = wanted.where(JOBS.c.state == state)
        if after:
            last = select(JOBS.c.created_at).where(JOBS.c.job_id == after).scalar_subquery()
            wanted = wanted.where(tuple_(JOBS.c.created_at, JOBS.c.job_id) < tuple_(last, after))
        with self._rows.database.transaction() as connection:
            return [job_of(row) for row in connection.execute(wanted)]

    def part(self, job_id: str, part: int) -> Part | None:
        with self._rows.database.transaction() as connection:
            row = connection.execute(select(PARTS).where(PARTS.c.job_id == job_id, PARTS.c.part == part)).one_or_none()
        if row is None:
            return None
        return Part(job_id, part, ObjectReference(**orjson.loads(row.reference)), row.is_done)

    def add_parts(self, job_id: str, part: int, references: Sequence[ObjectReference]) -> None:
        with self._rows.database.transaction() as connection:
            job = locked(connection, job_id)
            if job is None or job.state is not JobState.SCANNING:
                return
            self._add_parts(connection, job_id, job.attempt, part + 1, references)
            self._close_part(connection, job, part)

    def add_chunks(self, job_id: str, part: int, first: int, ranges: Sequence[Range]) -> None:
        with self._rows.database.transaction() as connection:
            job = locked(connection, job_id)
            if job is None or job.state is not JobState.SCANNING:
                return
            rows = [
                _chunk(job.job_id, job.attempt, f"{part:05d}-{first + at:07d}", each.documents, ChunkState.FOUND)
                | {"part": part, "range": orjson.dumps(asdict(each)).decode()}
                for at, each in enumerate(ranges)
            ]
            self._rows.database.insert_new(connection, CHUNKS, rows)
            change(connection, job_id, updated_at=self._rows.clock())

    def scanned(self, job_id: str, part: int) -> Scanned:
        with self._rows.database.transaction() as connection:
            job = locked(connection, job_id)
            if job is None:
                return Scanned(0, 0)
            chunks = connection.scalar(select(func.count()).where(_found(job, part))) or 0
            newest = select(CHUNKS.c.range).where(_found(job, part)).order_by(CHUNKS.c.chunk_id.desc()).limit(1)
            text = connection.scalar(newest)
        if text is None:
            return Scanned(0, 0)
        last = range_of(text)
        return Scanned(chunks, last.first_line + last.lines - 1)

    def finish_part(self, job_id: str, part: int, chunks: int) -> None:
        now = self._rows.clock()
        with self._rows.database.transaction() as connection:
            job = locked(connection, job_id)
            if job is None or job.state is not JobState.SCANNING or self._is_done(connection, job_id, part):
                return
            opened = update(CHUNKS).where(_found(job, part)).values(state=ChunkState.OPEN, publish_at=now)
            if connection.execute(opened).rowcount != chunks:
                raise Overloaded("Another scan of the same object came between; it is read once more.")
            change(connection, job_id, chunks_total=job.chunks_total + chunks, updated_at=now)
            self._close_part(connection, job, part)

    def new_attempt(self, job_id: str, attempt: int, model_version: str) -> bool:
        now = self._rows.clock()
        with self._rows.database.transaction() as connection:
            job = locked(connection, job_id)
            if job is None or job.attempt != attempt or job.state is JobState.COMPLETED:
                return False
            _silence(connection, job)
            opened = self._copy_chunks(connection, job, now)
            open_parts = _open_parts(connection, job_id)
            change(
                connection, job_id, attempt=attempt + 1, model_version=model_version, done=0, failed=0, quarantined=0,
                chunks_done=0, chunks_total=opened, updated_at=now, finished_at=None, code=None, reason=None,
                state=JobState.SCANNING if open_parts else JobState.RUNNING,
            )  # fmt: skip
            events = ledger_events.scans(job_id, attempt + 1, open_parts, self._rows.timing.source)
            record(connection, events, now)
            give_to_ray(connection, self._rows, job_id)
            finish_if_done(connection, self._rows, job_id)
        return True

    def complete(self, job_id: str, attempt: int, manifest: StoredObject) -> bool:
        now = self._rows.clock()
        with self._rows.database.transaction() as connection:
            job = locked(connection, job_id)
            if job is None or job.attempt != attempt or job.state is not JobState.RUNNING:
                return False
            change(
                connection, job_id, state=JobState.COMPLETED, manifest_uri=manifest.uri,
                manifest_sha256=manifest.sha256, updated_at=now, finished_at=now,
            )  # fmt: skip
            record(connection, [ledger_events.completed(job, manifest, self._rows.timing.source)], now)
        return True

    def fail(self, failed: FailedData, *, state: JobState = JobState.FAILED) -> bool:
        with self._rows.database.transaction() as connection:
            return self._end(connection, failed, state)

    def _end(self, connection: Connection, failed: FailedData, state: JobState) -> bool:
        now, job = self._rows.clock(), locked(connection, failed.job_id)
        if job is None or job.state.is_over:
            return False
        _silence(connection, job)
        ended = {"code": failed.code, "reason": failed.reason, "updated_at": now, "finished_at": now}
        change(connection, job.job_id, state=state, **ended)
        record(connection, [ledger_events.failed(failed, job.attempt, self._rows.timing.source)], now)
        return True

    def _record(self, connection: Connection, new: NewJob) -> bool:
        now = self._rows.clock()
        if not self._insert(connection, new, JobState.SCANNING if new.parts else JobState.RUNNING, now):
            return False
        self._add_parts(connection, new.job_id, 1, 0, new.parts)
        self._add_inline(connection, new, now)
        return True

    def _insert(self, connection: Connection, new: NewJob, state: JobState, now: float) -> bool:
        documents = sum(map(len, new.inline))
        row = {
            "job_id": new.job_id, "state": state, "attempt": 1, "model": new.model,
            "model_version": new.model_version, "output_uri": new.output_uri, "output_format": new.output_format,
            "total": None if new.parts else documents, "done": 0, "failed": 0,
            "quarantined": 0, "chunks_total": len(new.inline), "chunks_done": 0, "created_at": now,
            "updated_at": now, "progressed_at": now,
        }  # fmt: skip
        is_new = self._rows.database.insert_new(connection, JOBS, [row]) == 1
        if not is_new:
            if self._job_of_event(connection, new.source, new.event_id) == new.job_id:
                return False
            raise Conflict("There is a job of this id already; choose another, or none.")
        seen = {"source": new.source, "event_id": new.event_id, "job_id": new.job_id}
        if self._rows.database.insert_new(connection, SEEN, [seen]) == 0:
            raise Conflict("This event has begun another job before; send a new id with a new job.")
        return True

    def _add_parts(
        self, connection: Connection, job_id: str, attempt: int, first: int, references: Sequence[ObjectReference]
    ) -> None:
        rows = [
            {"job_id": job_id, "part": first + at, "reference": orjson.dumps(each).decode(), "is_done": False}
            for at, each in enumerate(references)
        ]
        self._rows.database.insert_new(connection, PARTS, rows)
        numbers = [first + at for at in range(len(references))]
        record(connection, ledger_events.scans(job_id, attempt, numbers, self._rows.timing.source), self._rows.clock())

    def _add_inline(self, connection: Connection, new: NewJob, now: float) -> None:
        if not new.inline:
            return
        ids = [f"{at:07d}" for at in range(len(new.inline))]
        texts = [orjson.dumps(list(documents)).decode() for documents in new.inline]
        connection.execute(
            insert(INLINE),
            [{"job_id": new.job_id, "root_id": at, "documents": text} for at, text in zip(ids, texts, strict=True)],
        )
        connection.execute(
            insert(CHUNKS),
            [
                _chunk(new.job_id, 1, at, len(documents), ChunkState.OPEN) | {"publish_at": now}
                for at, documents in zip(ids, new.inline, strict=True)
            ],
        )

    def _close_part(self, connection: Connection, job: Job, part: int) -> None:
        mine = (PARTS.c.job_id == job.job_id) & (PARTS.c.part == part)
        connection.execute(update(PARTS).where(mine).values(is_done=True))
        if _open_parts(connection, job.job_id):
            return
        roots = (CHUNKS.c.job_id == job.job_id) & (CHUNKS.c.attempt == job.attempt)
        total = connection.scalar(select(func.sum(CHUNKS.c.take)).where(roots, CHUNKS.c.chunk_id == CHUNKS.c.root_id))
        change(connection, job.job_id, state=JobState.RUNNING, total=total or 0)
        give_to_ray(connection, self._rows, job.job_id)
        finish_if_done(connection, self._rows, job.job_id)

    def _copy_chunks(self, connection: Connection, job: Job, now: float) -> int:
        """The same chunks, for the next attempt, whatever became of them in this one; how many are open."""
        roots = connection.execute(
            select(CHUNKS).where(
                CHUNKS.c.job_id == job.job_id, CHUNKS.c.attempt == job.attempt, CHUNKS.c.chunk_id == CHUNKS.c.root_id
            )
        ).all()
        kept = [row for row in roots if row.state != ChunkState.FOUND or not job.state.is_over]
        copies = [
            _chunk(job.job_id, job.attempt + 1, row.chunk_id, row.take, _opened(row.state))
            | {"part": row.part, "range": row.range}
            | {"publish_at": now if row.state != ChunkState.FOUND else None}
            for row in kept
        ]
        if copies:
            connection.execute(insert(CHUNKS), copies)
        return sum(copy["state"] == ChunkState.OPEN for copy in copies)

    @staticmethod
    def _is_done(connection: Connection, job_id: str, part: int) -> bool:
        return bool(connection.scalar(select(PARTS.c.is_done).where(PARTS.c.job_id == job_id, PARTS.c.part == part)))

    @staticmethod
    def _job_of_event(connection: Connection, source: str, event_id: str) -> str | None:
        found = select(SEEN.c.job_id).where(SEEN.c.source == source, SEEN.c.event_id == event_id)
        job_id: str | None = connection.scalar(found)
        return job_id


def _open_parts(connection: Connection, job_id: str) -> list[int]:
    wanted = select(PARTS.c.part).where(PARTS.c.job_id == job_id, PARTS.c.is_done.is_(False)).order_by(PARTS.c.part)
    return list(connection.scalars(wanted))


def _found(job: Job, part: int) -> Any:
    return (
        (CHUNKS.c.job_id == job.job_id)
        & (CHUNKS.c.attempt == job.attempt)
        & (CHUNKS.c.part == part)
        & (CHUNKS.c.state == ChunkState.FOUND)
    )


def _opened(state: str) -> ChunkState:
    return ChunkState.FOUND if state == ChunkState.FOUND else ChunkState.OPEN


def _silence(connection: Connection, job: Job) -> None:
    """Publish no more of the attempt's chunks."""
    mine = (CHUNKS.c.job_id == job.job_id) & (CHUNKS.c.attempt == job.attempt)
    connection.execute(update(CHUNKS).where(mine).values(publish_at=None))


def _chunk(job_id: str, attempt: int, chunk_id: str, take: int, state: ChunkState) -> dict[str, Any]:
    return {
        "job_id": job_id, "attempt": attempt, "chunk_id": chunk_id, "root_id": chunk_id, "skip": 0, "take": take,
        "state": state, "tries": 0, "publications": 0,
    }  # fmt: skip
