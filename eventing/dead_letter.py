"""The dead-letter sink: what a broker, or the embedded queue, gives up on.

Work of ours is never given up on, whatever a broker counts: it is published again, later. Jobs that could not be
recorded, and news that nobody took, go to the quarantine, from where people replay them.
"""

import asyncio
import logging
from dataclasses import dataclass

from eventing.ledger import Ledger, Quarantined
from eventing.sink import event_key, type_label
from summit_inference import metrics
from summit_inference.cloudevent import Event, structured_encoded
from summit_inference.errors import InvalidRequest
from summit_inference.events import ChunkData, FinishData, ScanData, data_of

_log = logging.getLogger(__name__)
_CODE = "undeliverable"
_KNATIVE_CODE = "knativeerrorcode"
"""Extension in which Knative says what status the last try got."""


@dataclass(frozen=True, slots=True)
class DeadLetters:
    """Where they end."""

    ledger: Ledger
    delay_seconds: float

    async def receive(self, event: Event, reason: str = "") -> None:
        """See to it that the event is not lost.

        Raises:
            SummitError: the ledger does not answer; send it again.
        """
        metrics.DEAD_LETTERS.labels(type_label(event)).inc()
        _log.warning("event became a dead letter", extra={"event_type": type_label(event), "event_id": event.id})
        match event.type:
            case ChunkData.event_type:
                await self._republish(event)
            case ScanData.event_type | FinishData.event_type:
                await asyncio.to_thread(self.ledger.outbox.add, [event], delay_seconds=self.delay_seconds)
            case _:
                await asyncio.to_thread(self.ledger.quarantine.add, _entry(event, reason))

    async def _republish(self, event: Event) -> None:
        try:
            data: ChunkData = data_of(event, ChunkData)
        except InvalidRequest as error:
            await asyncio.to_thread(self.ledger.quarantine.add, _entry(event, error.message))
            return
        await asyncio.to_thread(
            self.ledger.chunks.republish, data.job_id, data.attempt, data.chunk_id, self.delay_seconds
        )


def _entry(event: Event, reason: str) -> Quarantined:
    code = event.extensions.get(_KNATIVE_CODE)
    return Quarantined(
        id=event_key(event),
        kind="event",
        code=_CODE,
        reason=reason or f"Nobody took the event{f'; the last answer was {code}' if code else ''}.",
        event_type=event.type,
        event=structured_encoded(event).body.decode(),
    )
