"""The sink: what each type of event begins. Where an event came from, and who waits, it does not know."""

import asyncio
import hashlib
import logging
from collections.abc import Callable
from dataclasses import dataclass

from eventing.chunk import ChunkWork
from eventing.completion import Completion
from eventing.intake import IntakePolicy, check, job_id_of, new_job
from eventing.ledger import Ledger, NewJob, Quarantined
from eventing.model import Model
from eventing.scan import ScanWork
from summit_inference import metrics
from summit_inference.cloudevent import Event, structured_encoded
from summit_inference.errors import CallerError, InvalidRequest, ModelVersionNotFound, SummitError
from summit_inference.events import (
    ChunkData,
    CompletedData,
    EventData,
    FailedData,
    FinishData,
    ProgressedData,
    RequestedData,
    ScanData,
    data_of,
)

_log = logging.getLogger(__name__)

_OURS: tuple[type[EventData], ...] = (RequestedData, ChunkData, ScanData, FinishData)
_TOLD: tuple[type[EventData], ...] = (ProgressedData, CompletedData, FailedData)
TOLD_TYPES = frozenset(kind.event_type for kind in _TOLD)
"""What we tell others; a broker without a filter brings it back."""
_KNOWN = TOLD_TYPES | {kind.event_type for kind in _OURS}


@dataclass(frozen=True, slots=True)
class Sink:
    """All that events begin."""

    ledger: Ledger
    model_of: Callable[[str], Model]
    intake: IntakePolicy
    chunk: ChunkWork
    scan: ScanWork
    completion: Completion

    async def receive(self, event: Event) -> None:
        """Do what the event says, or find that it is done.

        Raises:
            CallerError: it is wrong, now and always; it is in the quarantine.
            SummitError: not now; send it again.
        """
        outcome = "retried"
        try:
            await self._handle(event)
            outcome = "taken"
        except CallerError as error:
            outcome = "dropped"
            await asyncio.to_thread(self.ledger.quarantine.add, refused(event, error))
            raise
        finally:
            metrics.EVENTS_RECEIVED.labels(type_label(event), outcome).inc()

    async def _handle(self, event: Event) -> None:
        match event.type:
            case RequestedData.event_type:
                await self._accept(event)
            case ChunkData.event_type:
                await self.chunk.do(data_of(event, ChunkData))
            case ScanData.event_type:
                await self.scan.do(data_of(event, ScanData))
            case FinishData.event_type:
                await self.completion.do(data_of(event, FinishData))
            case told if told in TOLD_TYPES:
                pass
            case _:
                raise InvalidRequest(f"Events of this type are not taken here; send {RequestedData.event_type}.")

    async def _accept(self, event: Event) -> None:
        data = data_of(event, RequestedData)
        job_id = job_id_of(event, data)
        if await asyncio.to_thread(self.ledger.jobs.has_seen, event.source, event.id):
            return
        try:
            check(data, self.intake)
            version = await self._version(data)
        except CallerError as error:
            await self._refuse(new_job(event, data, data.model_version or "", self.intake), error)
            return
        new = new_job(event, data, version, self.intake)
        if await asyncio.to_thread(self.ledger.jobs.accept, new):
            _log.info("job accepted", extra={"job_id": job_id, "model_version": version})

    async def _refuse(self, new: NewJob, error: CallerError) -> None:
        """The event is right, the job is not: that is told as jobs are, by an event."""
        action = "Nothing was begun; send a job that is right, or retry this one once what it needs is there."
        failed = FailedData(job_id=new.job_id, code=error.code, reason=error.message, action=action)
        await asyncio.to_thread(self.ledger.jobs.refuse, new, failed)

    async def _version(self, data: RequestedData) -> str:
        model = self.model_of(data.model)
        if data.model_version is None:
            return await model.champion()
        if not await model.serves(data.model_version):
            raise ModelVersionNotFound("This model version is not served; name one that is, or none for the champion.")
        return data.model_version


def refused(event: Event, error: SummitError) -> Quarantined:
    """The quarantine's entry for an event that was refused."""
    return Quarantined(
        id=event_key(event),
        kind="event",
        code=error.code,
        reason=error.message,
        tries=1,
        event_type=event.type,
        event=structured_encoded(event).body.decode(),
    )


def event_key(event: Event) -> str:
    """One short text for source and id."""
    identity = f"{len(event.source)}:{event.source}{event.id}".encode()
    return hashlib.sha256(identity).hexdigest()[:32]


def type_label(event: Event) -> str:
    """The type as a metric label: ours by name, all others as one."""
    return event.type if event.type in _KNOWN else "other"
