"""Jobs in the hands of Ray as rows: given to it with the transaction that knows their size, and taken back."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, delete, exists, insert, select, update

from eventing.database import is_due
from eventing.ledger import ChunkState
from eventing.outbox_rows import Rows
from eventing.ray_run import RayRun
from eventing.schema import CHUNKS, JOBS, PARTS, RAY_RUNS
from summit_inference.jobs import JobState


def give_to_ray(connection: Connection, rows: Rows, job_id: str) -> None:
    """Give the job to Ray if it runs, by reference, and is as large as that takes; then its chunks have no events."""
    least = rows.timing.ray_documents
    if least is None:
        return
    is_large = (JOBS.c.job_id == job_id) & (JOBS.c.state == JobState.RUNNING) & (JOBS.c.total >= least)
    has_objects = exists().where(PARTS.c.job_id == JOBS.c.job_id)
    attempt = connection.scalar(select(JOBS.c.attempt).where(is_large, has_objects))
    if attempt is None:
        return
    run = {"job_id": job_id, "attempt": attempt, "submission": 1, "due_at": rows.clock()}
    connection.execute(insert(RAY_RUNS), [run])
    connection.execute(update(CHUNKS).where(_open(job_id, attempt)).values(publish_at=None))


class SqlRayRuns:
    """`ledger.RayRuns`."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def claim(self, limit: int, seconds: float) -> list[RayRun]:
        now = self._rows.clock()
        with self._rows.database.transaction() as connection:
            found = connection.execute(
                select(RAY_RUNS)
                .where(is_due(RAY_RUNS.c.due_at, now, seconds))
                .order_by(RAY_RUNS.c.due_at, RAY_RUNS.c.job_id)
                .limit(limit)
                .with_for_update(skip_locked=True)
            ).all()
            for row in found:
                mine = _is(row.job_id, row.attempt)
                connection.execute(update(RAY_RUNS).where(mine).values(due_at=now + seconds))
        return [_run_of(row) for row in found]

    def submit_again(self, run: RayRun) -> None:
        with self._rows.database.transaction() as connection:
            mine = _is(run.job_id, run.attempt) & (RAY_RUNS.c.submission == run.submission)
            connection.execute(update(RAY_RUNS).where(mine).values(submission=run.submission + 1))

    def end(self, run: RayRun) -> None:
        with self._rows.database.transaction() as connection:
            self._end(connection, [run])

    def end_all(self) -> int:
        with self._rows.database.transaction() as connection:
            runs = [_run_of(row) for row in connection.execute(select(RAY_RUNS).with_for_update(skip_locked=True))]
            self._end(connection, runs)
        return len(runs)

    def _end(self, connection: Connection, runs: Sequence[RayRun]) -> None:
        for run in runs:
            connection.execute(delete(RAY_RUNS).where(_is(run.job_id, run.attempt)))
            is_running = exists().where(
                JOBS.c.job_id == run.job_id, JOBS.c.attempt == run.attempt, JOBS.c.state == JobState.RUNNING
            )
            unpublished = _open(run.job_id, run.attempt) & CHUNKS.c.publish_at.is_(None) & is_running
            connection.execute(update(CHUNKS).where(unpublished).values(publish_at=self._rows.clock()))


def _is(job_id: str, attempt: int) -> Any:
    return (RAY_RUNS.c.job_id == job_id) & (RAY_RUNS.c.attempt == attempt)


def _open(job_id: str, attempt: int) -> Any:
    return (CHUNKS.c.job_id == job_id) & (CHUNKS.c.attempt == attempt) & (CHUNKS.c.state == ChunkState.OPEN)


def _run_of(row: Row[Any]) -> RayRun:
    return RayRun(row.job_id, row.attempt, row.submission)
