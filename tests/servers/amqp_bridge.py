"""Between RabbitMQ and HTTP, as Knative does it: two RabbitmqSources, and an ingress for producers, with confirms.

    python -m servers.amqp_bridge AMQP_URL PORT EVENTS_SINK DEAD_LETTERS_SINK RETRIES

A source acknowledges after a 2xx; otherwise it tries a few times, then rejects without requeue: the server does what
the queue says. `POST /faults` makes the next deliveries of chunk events go wrong, in ways that a network can.
"""

import asyncio
import json
import sys
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aio_pika
import aiohttp
from aio_pika.abc import AbstractIncomingMessage
from aiohttp import web
from servers.processes import answers, free_ports, running

from cli.backing.sources import DEAD_LETTERS_QUEUE, EVENTS_QUEUE

FAULTS = ("drop", "duplicate", "reorder")
_MODULE = (sys.executable, "-P", "-m", "servers.amqp_bridge")
_CONTENT_TYPE = "application/cloudevents+json"
_CHUNK_TYPE = ".chunk.v1"
_PREFETCH = 100  # fixed in RabbitmqSource
_BACKOFF_SECONDS, _MAX_BACKOFF_SECONDS = 0.1, 2.0
_TIMEOUT_SECONDS = 30
_ANSWER_SECONDS = 5  # of RabbitMQ
_OVERTAKEN_BY, _HELD_SECONDS = 3, 2.0


@dataclass
class Faults:
    """What is still to go wrong, and what did."""

    planned: deque[str] = field(default_factory=deque)
    done: Counter[str] = field(default_factory=Counter)

    def next(self, body: bytes) -> str | None:
        """The fault of this delivery, if it is a chunk's."""
        is_chunk = str(json.loads(body)["type"]).endswith(_CHUNK_TYPE)
        return self.planned.popleft() if is_chunk and self.planned else None


class Bridge:
    """One connection at a time, made anew whenever the server is gone."""

    def __init__(self, amqp_url: str, events_sink: str, dead_letters_sink: str, retries: int) -> None:
        self._amqp_url = amqp_url
        self._sinks = {EVENTS_QUEUE: events_sink, DEAD_LETTERS_QUEUE: dead_letters_sink}
        self._retries = retries
        self.faults = Faults()
        self._exchange: aio_pika.abc.AbstractExchange | None = None
        self._delivered = 0
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Connect, consume, and again."""
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_TIMEOUT_SECONDS)) as http:
            while True:
                try:
                    await self._consume(http)
                except (OSError, RuntimeError, aio_pika.exceptions.AMQPError, asyncio.CancelledError) as error:
                    if isinstance(error, asyncio.CancelledError) and asyncio.current_task().cancelling():  # type: ignore[union-attr]
                        raise
                await asyncio.sleep(0.1)

    async def publish(self, request: web.Request) -> web.Response:
        """202 once a quorum of the queue has the event; 503 otherwise."""
        structured = await _structured(request)
        message = aio_pika.Message(
            structured, content_type=_CONTENT_TYPE, delivery_mode=aio_pika.DeliveryMode.PERSISTENT
        )
        try:
            if self._exchange is None:
                raise ConnectionError
            async with asyncio.timeout(_ANSWER_SECONDS):
                await self._exchange.publish(message, routing_key=EVENTS_QUEUE)
        except (OSError, TimeoutError, RuntimeError, aio_pika.exceptions.AMQPError):
            return web.Response(status=503)
        return web.Response(status=202)

    async def plan(self, request: web.Request) -> web.Response:
        """Faults for the next deliveries of chunks: a list of their names."""
        self.faults.planned.extend(await request.json())
        return web.Response(status=202)

    async def told(self, _: web.Request) -> web.Response:
        """What went wrong so far."""
        return web.json_response({"left": len(self.faults.planned), **self.faults.done})

    async def _consume(self, http: aiohttp.ClientSession) -> None:
        connection = await aio_pika.connect(self._amqp_url, timeout=_ANSWER_SECONDS)
        try:
            # A RabbitMQ that has just risen leaves whoever consumes from a quorum queue without a leader unanswered.
            async with asyncio.timeout(_ANSWER_SECONDS):
                channel = await connection.channel(publisher_confirms=True)
                await channel.set_qos(prefetch_count=_PREFETCH)
                for queue_name, sink in self._sinks.items():
                    queue = await channel.get_queue(queue_name)
                    await queue.consume(lambda message, to=sink: self._start(http, message, to))  # type: ignore[misc]
            self._exchange = channel.default_exchange
            await channel.closed()
        finally:
            self._exchange = None
            async with asyncio.timeout(_ANSWER_SECONDS):
                await connection.close()

    async def _start(self, http: aiohttp.ClientSession, message: AbstractIncomingMessage, sink: str) -> None:
        task = asyncio.create_task(self._take(http, message, sink))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _take(self, http: aiohttp.ClientSession, message: AbstractIncomingMessage, sink: str) -> None:
        is_taken = await self._deliver(http, message.body, sink)
        try:
            await (message.ack() if is_taken else message.nack(requeue=False))
        except (OSError, RuntimeError, aio_pika.exceptions.AMQPError):
            return  # the server is gone, and delivers again

    async def _deliver(self, http: aiohttp.ClientSession, body: bytes, sink: str) -> bool:
        fault = self.faults.next(body)
        if fault == "reorder":
            await self._hold()
        for attempt in range(self._retries + 1):
            status = await self._post(http, body, sink)
            self._delivered += 1
            if fault == "duplicate":
                both = await asyncio.gather(*(self._post(http, body, sink) for _ in range(2)))
                self.faults.done["duplicate"] += 1
                fault, status = None, max(both)
            elif fault == "drop" and status // 100 == 2:
                self.faults.done["drop"] += 1
                fault, status = None, 0
            if status // 100 == 2:
                return True
            await asyncio.sleep(min(_BACKOFF_SECONDS * 2**attempt, _MAX_BACKOFF_SECONDS))
        return False

    async def _hold(self) -> None:
        """Until others have overtaken it."""
        wanted, waited = self._delivered + _OVERTAKEN_BY, 0.0
        while self._delivered < wanted and waited < _HELD_SECONDS:
            await asyncio.sleep(0.02)
            waited += 0.02
        self.faults.done["reorder"] += self._delivered >= wanted

    @staticmethod
    async def _post(http: aiohttp.ClientSession, body: bytes, sink: str) -> int:
        try:
            async with http.post(sink, data=body, headers={"content-type": _CONTENT_TYPE}) as answer:
                await answer.read()
                return answer.status
        except (aiohttp.ClientError, TimeoutError):
            return 0


async def _structured(request: web.Request) -> bytes:
    """The event as one JSON document, which is how it lies in the queue."""
    from summit_inference.cloudevent import HttpMessage, decoded, structured_encoded  # noqa: PLC0415

    return structured_encoded(decoded(HttpMessage(list(request.headers.items()), await request.read()))).body


@contextmanager
def amqp_bridge(amqp_url: str, eventing_url: str, folder: Path, *, retries: int) -> Iterator[str]:
    """The bridge as a process; its ingress's URL."""
    (port,) = free_ports(1)
    with running(
        [*_MODULE, amqp_url, str(port), f"{eventing_url}/", f"{eventing_url}/dead-letters", str(retries)],
        log=folder / "bridge.log",
        is_ready=lambda: answers(port),
        environment={"PYTHONPATH": str(Path(__file__).parents[1])},
    ):
        yield f"http://127.0.0.1:{port}"


async def _main(amqp_url: str, port: str, events_sink: str, dead_letters_sink: str, retries: str) -> None:
    bridge = Bridge(amqp_url, events_sink, dead_letters_sink, int(retries))
    app = web.Application(client_max_size=2**26)
    routes = [web.post("/", bridge.publish), web.post("/faults", bridge.plan), web.get("/faults", bridge.told)]
    app.add_routes(routes)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", int(port)).start()
    await bridge.run()


if __name__ == "__main__":
    asyncio.run(_main(*sys.argv[1:]))
