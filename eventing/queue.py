"""The embedded queue's consumer: delivers events as a broker does, with retry, backoff and dead letters.

As Knative has it: 2xx is taken; no answer, 5xx, 404, 408, 409 and 429 are tried again; every other answer is final.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from eventing.dead_letter import DeadLetters
from eventing.ledger import Message, Queue
from summit_inference.cloudevent import Event
from summit_inference.errors import BusyError, CallerError, InternalError, SummitError

_log = logging.getLogger(__name__)
_MAX_DOUBLINGS = 20

Receive = Callable[[Event], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """When an event is tried again. All are settings."""

    retries: int = 10
    backoff_seconds: float = 0.2
    max_backoff_seconds: float = 30.0

    def delay_seconds(self, tries: int, error: SummitError) -> float:
        """The pause after the try of this number; at least what the receiver asked for."""
        backoff = self.backoff_seconds * 2.0 ** min(tries - 1, _MAX_DOUBLINGS)
        asked = error.retry_after_seconds if isinstance(error, BusyError) else 0.0
        return min(max(backoff, asked), self.max_backoff_seconds)


@dataclass(frozen=True, slots=True)
class EmbeddedQueue:
    """Delivers to `receive` what the queue holds."""

    queue: Queue
    receive: Receive
    dead_letters: DeadLetters
    policy: RetryPolicy
    claim_seconds: float
    """Within which a delivery comes to its end; then the event is there again."""

    async def publish(self, events: Sequence[Event]) -> list[None]:
        """Take the events in, all or none."""
        await asyncio.to_thread(self.queue.enqueue, events)
        return [None] * len(events)

    async def claim(self, limit: int, *, needs_model: bool) -> list[Message]:
        """What is due, at most `limit` events."""
        if limit <= 0:
            return []
        return await asyncio.to_thread(self.queue.claim, limit, self.claim_seconds, needs_model=needs_model)

    async def deliver(self, message: Message) -> None:
        """One try."""
        try:
            await self.receive(message.event)
        except CallerError:  # it is in the quarantine by the receiver's own doing
            await asyncio.to_thread(self.queue.acknowledge, message)
        except SummitError as error:
            await self._retry(message, error)
        except Exception:  # noqa: BLE001 - the root of a task
            _log.exception("delivery failed", extra={"event_type": message.event.type})
            await self._retry(message, InternalError("The receiver failed."))
        else:
            await asyncio.to_thread(self.queue.acknowledge, message)

    async def _retry(self, message: Message, error: SummitError) -> None:
        if message.tries <= self.policy.retries:
            delay = self.policy.delay_seconds(message.tries, error)
            await asyncio.to_thread(self.queue.retry, message, delay)
            return
        await self.dead_letters.receive(message.event, f"After {message.tries} tries: {error.message}")
        await asyncio.to_thread(self.queue.acknowledge, message)
