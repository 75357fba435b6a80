"""Events on their way to RabbitMQ, which confirms what a quorum queue has. RabbitmqSource brings them back over HTTP.

The only file that speaks AMQP. Messages are structured CloudEvents, as the AMQP binding of CloudEvents has it.
"""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

import aio_pika
from aio_pika.abc import AbstractChannel, AbstractConnection
from aio_pika.exceptions import AMQPError, DeliveryError
from aiormq.exceptions import ChannelInvalidStateError

from eventing.sink import TOLD_TYPES
from summit_inference.cloudevent import STRUCTURED_TYPE, Event, structured_encoded
from summit_inference.errors import Overloaded, SummitError, UpstreamUnreachable


@dataclass(slots=True)
class AmqpTarget:
    """A RabbitMQ. Work goes to `queue`; what is told to others to `exchange`, by its type."""

    url: str
    queue: str
    exchange: str
    timeout_seconds: float
    _connection: AbstractConnection | None = None
    _channel: AbstractChannel | None = None
    _opening: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def publish(self, events: Sequence[Event]) -> list[SummitError | None]:
        """Deliver the events, side by side; for each None once RabbitMQ has confirmed it, or why it did not."""
        return list(await asyncio.gather(*(self._fault(each) for each in events)))

    async def aclose(self) -> None:
        """Close the connection."""
        connection, self._connection, self._channel = self._connection, None, None
        if connection:
            with suppress(SummitError), _amqp_errors():
                await connection.close()

    async def _fault(self, event: Event) -> SummitError | None:
        channel = None
        try:
            with _amqp_errors():
                async with asyncio.timeout(self.timeout_seconds):
                    channel = await self._open_channel()
                    await self._send(channel, event)
        except UpstreamUnreachable as error:
            if channel is self._channel:
                self._channel = None
            return error
        except SummitError as error:
            return error
        return None

    async def _send(self, channel: AbstractChannel, event: Event) -> None:
        is_news = event.type in TOLD_TYPES
        exchange = await channel.get_exchange(self.exchange, ensure=False) if is_news else channel.default_exchange
        message = aio_pika.Message(
            structured_encoded(event).body,
            content_type=STRUCTURED_TYPE,
            delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
            message_id=event.id,
        )
        # News that nobody has subscribed to is no loss; work without its queue is.
        await exchange.publish(message, event.type if is_news else self.queue, mandatory=not is_news)

    async def _open_channel(self) -> AbstractChannel:
        async with self._opening:
            if self._channel is None or self._channel.is_closed:
                await self.aclose()  # aio-pika does not call a connection closed whose server was killed
                self._connection = await aio_pika.connect(self.url)
                self._channel = await self._connection.channel(publisher_confirms=True, on_return_raises=True)
            return self._channel


@contextmanager
def _amqp_errors() -> Iterator[None]:
    """What aio-pika raises in the body, as our errors."""
    try:
        yield
    except DeliveryError as error:
        raise Overloaded("RabbitMQ did not take the event: its queue is full, or not declared.") from error
    except (AMQPError, ChannelInvalidStateError, OSError, TimeoutError, RuntimeError) as error:
        raise UpstreamUnreachable("RabbitMQ does not answer, or broke off; the event is sent again.") from error
