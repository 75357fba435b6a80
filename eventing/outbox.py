"""What publishes the outbox: events leave after the transaction that they tell of, and stay until they are taken."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from eventing.ledger import Outbox
from summit_inference.cloudevent import Event
from summit_inference.errors import SummitError

_log = logging.getLogger(__name__)
_BATCH = 100
_LATER_SECONDS = 2.0

Publish = Callable[[Sequence[Event]], Awaitable[Sequence[SummitError | None]]]
"""Hands events to the broker: for each None, once it is safe there, or why it is not."""


@dataclass(frozen=True, slots=True)
class Publisher:
    """From the outbox to the broker."""

    outbox: Outbox
    publish: Publish

    async def publish_due(self) -> int:
        """Publish what is due; how many events went out. What the broker does not take stays."""
        claimed = await asyncio.to_thread(self.outbox.claim, _BATCH)
        if not claimed:
            return 0
        faults = await self.publish([each.event for each in claimed])
        taken = [each for each, fault in zip(claimed, faults, strict=True) if fault is None]
        await asyncio.to_thread(self.outbox.published, taken)
        left = [each for each, fault in zip(claimed, faults, strict=True) if fault is not None]
        if left:
            await asyncio.to_thread(self.outbox.unpublished, left, _LATER_SECONDS)
            codes = sorted({fault.code for fault in faults if fault is not None})
            _log.warning("events were not published", extra={"events": len(left), "codes": codes})
        return len(taken)
