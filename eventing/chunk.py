"""One chunk is one request: lease it, answer it, take the result into the ledger, or say what becomes of it."""

import asyncio
import logging
import time
import uuid
from dataclasses import dataclass

from eventing.answering import Answering, ModelFailed
from eventing.documents import BadDocument, ReferenceRefused
from eventing.failure import Failure, Remedy, given_up, remedy
from eventing.ledger import ChunkResult, Leased, Ledger, NoLease, Quarantined
from eventing.pace import Pace
from summit_inference import metrics
from summit_inference.errors import BusyError, CallerError, ModelVersionNotFound, Overloaded, SummitError
from summit_inference.events import ChunkData, FailedData

_log = logging.getLogger(__name__)
_NO_END, _NO_ANSWER = "no_end", "no_answer"


@dataclass(frozen=True, slots=True)
class ChunkPolicy:
    """How patiently. All are settings."""

    chunk_seconds: float = 60.0
    slot_wait_seconds: float = 0.5
    max_tries: int = 5
    retry_seconds: float = 300.0
    """When a chunk that has to wait is published again, should the broker not bring it back before."""


@dataclass(frozen=True, slots=True)
class ChunkWork:
    """What chunks are done with."""

    ledger: Ledger
    answering: Answering
    pace: Pace
    policy: ChunkPolicy

    async def do(self, data: ChunkData) -> None:
        """Do the chunk, or find that there is nothing to do.

        Raises:
            SummitError: there is no result, but there may be one later; the broker sends the event again.
        """
        async with self.pace.slot(self.policy.slot_wait_seconds):
            leased = await asyncio.to_thread(
                self.ledger.chunks.lease, data.job_id, data.attempt, data.chunk_id, uuid.uuid4().hex
            )
            if not isinstance(leased, NoLease):
                await self._work(leased)

    async def _work(self, leased: Leased) -> None:
        began = time.monotonic()
        try:
            async with asyncio.timeout(self.policy.chunk_seconds):
                fault = await self._attempt(leased)
        except (SummitError, TimeoutError) as error:
            raise await self._wait(leased, error) from error
        if fault:
            raise fault
        metrics.CHUNK_SECONDS.observe(time.monotonic() - began)

    async def _attempt(self, leased: Leased) -> SummitError | None:
        """Bring the chunk to an end, or to its next try, whose reason is returned."""
        if leased.chunk.tries > self.policy.max_tries:
            reason = "Whoever worked on the document never came to an end."
            await self._apply(given_up(is_single=leased.chunk.take == 1), leased, _NO_END, reason)
            return None
        try:
            result = await self.answering.result(leased)
        except ModelFailed as failed:
            return await self._mend(leased, failed)
        except ModelVersionNotFound:
            await self._begin_again(leased)
        except ReferenceRefused as refused:
            await self._fail(leased, refused.code, refused.reason)
        except CallerError as error:  # of the store: what the job asks for is gone, or not allowed any more
            await self._fail(leased, error.code, error.message)
        else:
            self.pace.note_answer()
            await self._finish(leased, result)
        return None

    async def _mend(self, leased: Leased, failed: ModelFailed) -> SummitError | None:
        failure = Failure(failed.error, leased.chunk.take == 1, leased.chunk.tries, failed.model_worked_before)
        chosen = remedy(failure, self.policy.max_tries)
        names = {"job_id": leased.job.job_id, "chunk_id": leased.chunk.chunk_id}
        _log.info("chunk failed", extra={**names, "code": failed.error.code, "remedy": chosen})
        match chosen:
            case Remedy.WAIT:
                raise failed.error
            case Remedy.RETRY:
                metrics.CHUNK_RETRIES.labels("failed").inc()
                await self._release(leased, was_busy=False)
                return failed.error
            case Remedy.REFUSE:
                await self._apply(chosen, leased, failed.error.code, failed.error.message)
            case _:
                await self._apply(chosen, leased, _NO_ANSWER, f"The model failed on it again and again: {failed.error}")
        return None

    async def _apply(self, chosen: Remedy, leased: Leased, code: str, reason: str) -> None:
        """Split the chunk, or end its one document."""
        if chosen is Remedy.SPLIT:
            metrics.CHUNK_RETRIES.labels("split").inc()
            await asyncio.to_thread(self.ledger.chunks.split, leased)
            return
        (only,) = await self.answering.documents(leased)
        bad = only if isinstance(only, BadDocument) else BadDocument(only.line, only.id, code, reason)
        result = await self.answering.write(leased, [], [bad])
        is_quarantined = chosen is Remedy.QUARANTINE
        await self._finish(leased, result, _entry(leased, bad) if is_quarantined else None)

    async def _finish(self, leased: Leased, result: ChunkResult, entry: Quarantined | None = None) -> None:
        entries = [entry] if entry else []
        if not await asyncio.to_thread(self.ledger.chunks.finish, leased, result, entries):
            return
        metrics.BATCH_DOCUMENTS.labels("done").inc(result.documents)
        metrics.BATCH_DOCUMENTS.labels("failed").inc(result.failed - len(entries))
        metrics.BATCH_DOCUMENTS.labels("quarantined").inc(len(entries))

    async def _wait(self, leased: Leased, error: Exception) -> SummitError:
        """Give the chunk back; what to raise, so that the event comes again later."""
        metrics.CHUNK_RETRIES.labels("busy").inc()
        await self._release(leased, was_busy=True)
        raised: SummitError = Overloaded("The chunk cannot be done now; it is tried again.")
        if isinstance(error, SummitError) and not isinstance(error, CallerError):
            raised = error
        self.pace.note_busy(raised.retry_after_seconds if isinstance(raised, BusyError) else 1.0)
        return raised

    async def _release(self, leased: Leased, *, was_busy: bool) -> None:
        await asyncio.to_thread(
            self.ledger.chunks.release, leased, was_busy=was_busy, delay_seconds=self.policy.retry_seconds
        )

    async def _begin_again(self, leased: Leased) -> None:
        """The version is served no more: the whole job on the champion, as another attempt."""
        job = leased.job
        champion = await self.answering.model_of(job.model).champion()
        if champion == job.model_version:  # the routes changed between two looks at them
            raise Overloaded("The model version was gone for a moment; the chunk is tried again.")
        if await asyncio.to_thread(self.ledger.jobs.new_attempt, job.job_id, job.attempt, champion):
            _log.warning(
                "job begins again on another model version",
                extra={"job_id": job.job_id, "before": job.model_version, "model_version": champion},
            )

    async def _fail(self, leased: Leased, code: str, reason: str) -> None:
        action = "The job was stopped; results of it are not complete. Send it again as a new job."
        failed = FailedData(job_id=leased.job.job_id, code=code, reason=reason, action=action)
        await asyncio.to_thread(self.ledger.jobs.fail, failed)


def _entry(leased: Leased, bad: BadDocument) -> Quarantined:
    job, chunk = leased.job, leased.chunk
    return Quarantined(
        id=uuid.uuid4().hex,
        kind="document",
        code=bad.code,
        reason=bad.reason,
        tries=chunk.tries,
        job_id=job.job_id,
        attempt=job.attempt,
        chunk_id=chunk.chunk_id,
        line=bad.line,
        document_id=bad.id,
    )
