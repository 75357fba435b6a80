"""A look through one object of a job, for its chunks; or through a prefix, for its objects.

It is one request, which may be cut off: the next one goes on behind the last chunk that was found.
"""

import asyncio
import time
from contextlib import aclosing
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from eventing import documents
from eventing.chunk_range import Range
from eventing.documents import ObjectReference, ReadLimits, ReferenceRefused
from eventing.ledger import Job, JobLedger, Part
from eventing.object_store import ObjectStore
from eventing.results import staging_place
from summit_inference.errors import CallerError, InvalidRequest, Overloaded, TooLarge
from summit_inference.events import FailedData, ScanData

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

_BATCH = 200
"""Chunks that are recorded in one transaction."""


@dataclass(frozen=True, slots=True)
class ScanWork:
    """What scans are done with."""

    jobs: JobLedger
    store: ObjectStore
    limits: ReadLimits
    scan_seconds: float
    max_objects: int

    async def do(self, data: ScanData) -> None:
        """Scan the part, or find that there is nothing to do.

        Raises:
            SummitError: it is not finished; the broker sends the event again.
        """
        job = await asyncio.to_thread(self.jobs.job, data.job_id)
        part = await asyncio.to_thread(self.jobs.part, data.job_id, data.part)
        if job is None or part is None or part.is_done or job.state.is_over:
            return
        try:
            await (self._list(part) if part.is_prefix else self._scan(job, part))
        except ReferenceRefused as refused:
            await self._fail(part, refused.code, refused.reason)
        except CallerError as error:
            await self._fail(part, error.code, error.message)

    async def _list(self, part: Part) -> None:
        references = []
        async for info in self.store.list(part.reference.uri):
            references.append(ObjectReference(info.uri, info.size_bytes))
            if len(references) > self.max_objects:
                raise TooLarge(f"There are more than {self.max_objects} objects below the prefix; send several jobs.")
        if not references:
            raise InvalidRequest(
                "There is no object below the prefix; check its spelling, and that it ends in a slash."
            )
        await asyncio.to_thread(self.jobs.add_parts, part.job_id, part.part, references)

    async def _scan(self, job: Job, part: Part) -> None:
        found = await asyncio.to_thread(self.jobs.scanned, job.job_id, part.part)
        ranges = documents.scan(
            part.reference,
            self.store,
            self.limits,
            staging=staging_place(job.output_uri, job.job_id),
            after_line=found.last_line,
        )
        until = time.monotonic() + self.scan_seconds
        chunks, batch = found.chunks, list[Range]()
        async with aclosing(cast("AsyncGenerator[Range]", ranges)):
            async for stretch in ranges:
                batch.append(stretch)
                is_over = time.monotonic() > until
                if is_over or len(batch) == _BATCH:
                    chunks = await self._record(part, chunks, batch)
                if is_over:
                    raise Overloaded("The object is read in several steps, and this one is done.")
        chunks = await self._record(part, chunks, batch)
        await asyncio.to_thread(self.jobs.finish_part, job.job_id, part.part, chunks)

    async def _record(self, part: Part, chunks: int, batch: list[Range]) -> int:
        await asyncio.to_thread(self.jobs.add_chunks, part.job_id, part.part, chunks, tuple(batch))
        chunks += len(batch)
        batch.clear()
        return chunks

    async def _fail(self, part: Part, code: str, reason: str) -> None:
        action = "No document was read by the model. Send the job again with a reference that is right."
        failed = FailedData(job_id=part.job_id, code=code, reason=reason, action=action)
        await asyncio.to_thread(self.jobs.fail, failed)
