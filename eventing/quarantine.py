"""What people do with the quarantine: look, send again, let go."""

import asyncio
from dataclasses import dataclass
from typing import Literal

from eventing.document import BadDocument, Document
from eventing.documents import ReadLimits, read
from eventing.ledger import Job, Ledger, NewJob, Quarantined
from eventing.object_store import ObjectStore
from summit_inference.cloudevent import structured_decoded
from summit_inference.errors import Conflict, RouteNotFound, SummitError
from summit_inference.jobs import QuarantineDetail, QuarantineEntry


@dataclass(frozen=True, slots=True)
class QuarantineDesk:
    """The quarantine, and what a replay needs."""

    ledger: Ledger
    store: ObjectStore
    limits: ReadLimits

    async def entries(self, *, state: str | None, limit: int, after: str | None) -> list[QuarantineEntry]:
        """The entries, the newest first."""
        found = await asyncio.to_thread(self.ledger.quarantine.entries, state=state, limit=limit, after=after)
        return [QuarantineEntry.model_validate(each, from_attributes=True) for each in found]

    async def show(self, entry_id: str) -> QuarantineDetail:
        """One entry, with its document's text if that can still be read."""
        entry = await self._entry(entry_id)
        document = await self._document(entry)
        shown = QuarantineDetail.model_validate(entry, from_attributes=True)
        return shown.model_copy(update={"text": document.text if isinstance(document, Document) else None})

    async def drop(self, entry_id: str) -> QuarantineDetail:
        """Let it go."""
        await self._settle(await self._entry(entry_id), "dropped", None)
        return await self.show(entry_id)

    async def replay(self, entry_id: str) -> QuarantineDetail:
        """Send it again: an event to the sink, a document as a job of its own, whose results stand beside the others'.

        Raises:
            Conflict: it was settled before, or the document cannot be read any more.
        """
        entry = await self._entry(entry_id)
        if entry.state != "open":
            raise Conflict("The entry was replayed or dropped before.")
        if entry.event is not None:
            await asyncio.to_thread(self.ledger.outbox.add, [structured_decoded(entry.event.encode())])
            await self._settle(entry, "replayed", None)
        else:
            await self._settle(entry, "replayed", await self._as_job(entry))
        return await self.show(entry_id)

    async def _as_job(self, entry: Quarantined) -> str:
        document = await self._document(entry)
        job = await self._job(entry)
        if not isinstance(document, Document) or job is None:
            raise Conflict("The document cannot be read any more: its job was removed, or its object changed.")
        new = NewJob(
            job_id=f"{job.job_id}.replay-{entry.id[:8]}",
            source="/summit/quarantine",
            event_id=entry.id,
            model=job.model,
            model_version=job.model_version,
            output_uri=job.output_uri,
            output_format=job.output_format,
            inline=[[document]],
        )
        await asyncio.to_thread(self.ledger.jobs.accept, new)
        return new.job_id

    async def _entry(self, entry_id: str) -> Quarantined:
        entry = await asyncio.to_thread(self.ledger.quarantine.entry, entry_id)
        if entry is None:
            raise RouteNotFound("There is no such entry in the quarantine; it lists those that there are.")
        return entry

    async def _job(self, entry: Quarantined) -> Job | None:
        return await asyncio.to_thread(self.ledger.jobs.job, entry.job_id or "")

    async def _document(self, entry: Quarantined) -> Document | BadDocument | None:
        if entry.kind != "document" or entry.attempt is None:
            return None
        chunk = await asyncio.to_thread(
            self.ledger.chunks.chunk, entry.job_id or "", entry.attempt, entry.chunk_id or ""
        )
        if chunk is None:
            return None
        if chunk.range is None:
            return next(iter(await asyncio.to_thread(self.ledger.chunks.documents, chunk)), None)
        try:
            found = await read(chunk.range, self.store, self.limits)
        except SummitError:
            return None
        return next(iter(found[chunk.skip : chunk.skip + chunk.take]), None)

    async def _settle(self, entry: Quarantined, state: Literal["replayed", "dropped"], replayed_as: str | None) -> None:
        if not await asyncio.to_thread(self.ledger.quarantine.settle, entry.id, state, replayed_as):
            raise Conflict("The entry was replayed or dropped before.")
