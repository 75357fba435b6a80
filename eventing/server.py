"""Eventing out of its parts: from settings to an application, and what runs beside it."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from eventing.amqp_target import AmqpTarget
from eventing.answering import Answering
from eventing.app import App, Parts
from eventing.bell import Bell, Ear
from eventing.chunk import ChunkPolicy, ChunkWork
from eventing.completion import Completion
from eventing.database import Database
from eventing.dead_letter import DeadLetters
from eventing.delivery import HttpTarget
from eventing.documents import ReadLimits
from eventing.intake import IntakePolicy
from eventing.job_desk import JobDesk
from eventing.ledger import Timing
from eventing.ledger_sql import sql_ledger
from eventing.loops import Delivering, Loop, Publishing, Watching, running
from eventing.migrations import check_migrated, migrate
from eventing.model import Model
from eventing.object_store import StoreOptions, open_store
from eventing.outbox import Publish, Publisher
from eventing.pace import Pace
from eventing.places import Allowed
from eventing.quarantine import QuarantineDesk
from eventing.queue import EmbeddedQueue, RetryPolicy
from eventing.ray_description import RayWork
from eventing.ray_executor import RayExecutor
from eventing.ray_jobs import RayJobs
from eventing.scan import ScanWork
from eventing.settings import EventingSettings
from eventing.sink import TOLD_TYPES, Sink
from serving.drain import Drain
from summit_inference.client import Upstream
from summit_inference.cloudevent import Event

_CLAIM_MARGIN_SECONDS = 30.0


def database(settings: EventingSettings) -> Database:
    """The ledger's database, not yet connected to."""
    return Database(settings.database_url.get_secret_value(), timeout_seconds=settings.database_timeout_seconds)


class Eventing:
    """All parts, made once. To be made within the event loop that serves them."""

    def __init__(self, settings: EventingSettings, drain: Drain) -> None:
        self._settings = settings
        self._database = database(settings)
        self._bell = Bell()
        self._pace = Pace(settings.max_concurrent_chunks, time.monotonic)
        self._ledger = sql_ledger(self._database, _timing(settings))
        self._gateway = _upstream(settings)
        self._sink = self._make_sink()
        self._dead_letters = DeadLetters(self._ledger, settings.max_backoff_seconds)
        self._drain = drain

    def http_app(self) -> App:
        """The application of the port."""
        return App(
            Parts(
                sink=self._sink,
                dead_letters=self._dead_letters,
                jobs=JobDesk(self._ledger.jobs, self._model_of),
                quarantine=QuarantineDesk(self._ledger, self._store, self._limits),
                drain=self._drain,
                bell=self._bell,
                max_body_bytes=self._settings.max_body_bytes,
            )
        )

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """What runs beside the port: entered before it opens, left when it is closed."""
        settings = self._settings
        await asyncio.to_thread(migrate if settings.migrates_at_start else check_migrated, self._database)
        watching = Watching(self._ledger.upkeep, settings.watch_seconds, settings.retention_days)
        async with AsyncExitStack() as stack:
            stack.callback(self._database.close)
            await stack.enter_async_context(self._gateway)
            async with running(Loop(watching, Ear()), *await self._loops(stack), *await self._ray(stack)):
                yield

    async def _loops(self, stack: AsyncExitStack) -> list[Loop]:
        """What publishes, by whichever way there is."""
        settings = self._settings
        if settings.amqp_url:
            url = settings.amqp_url.get_secret_value()
            rabbitmq = AmqpTarget(url, settings.amqp_queue, settings.amqp_exchange, settings.delivery_seconds)
            stack.push_async_callback(rabbitmq.aclose)
            return [self._publishing(rabbitmq.publish)]
        if settings.sink_url:
            broker = await stack.enter_async_context(HttpTarget(settings.sink_url, settings.delivery_seconds))
            return [self._publishing(broker.publish)]
        return await self._embedded(stack)

    async def _embedded(self, stack: AsyncExitStack) -> list[Loop]:
        """The loops of the queue in the ledger."""
        settings = self._settings
        subscriber = None
        if settings.subscriber_url:
            target = HttpTarget(settings.subscriber_url, settings.delivery_seconds)
            subscriber = await stack.enter_async_context(target)

        async def receive(event: Event) -> None:
            if event.type not in TOLD_TYPES:
                await self._sink.receive(event)
            elif subscriber:
                await subscriber.send(event)

        if self._database.is_sqlite:  # nobody else is there, so what is claimed was ours before we were killed
            await asyncio.to_thread(self._ledger.queue.recover)
        policy = RetryPolicy(settings.retries, settings.backoff_seconds, settings.max_backoff_seconds)
        seconds = max(settings.chunk_seconds, settings.scan_seconds) + _CLAIM_MARGIN_SECONDS
        queue = EmbeddedQueue(self._ledger.queue, receive, self._dead_letters, policy, seconds)
        delivering = Delivering(queue, self._pace, self._bell, settings.poll_seconds)
        stack.push_async_callback(delivering.aclose)
        return [self._publishing(queue.publish), Loop(delivering, self._bell.ear())]

    async def _ray(self, stack: AsyncExitStack) -> list[Loop]:
        """What looks after the jobs of Ray; without a cluster they are taken back from it."""
        settings = self._settings
        if not settings.ray_address:
            await asyncio.to_thread(self._ledger.ray.end_all)
            return []
        token = settings.ray_token.get_secret_value() if settings.ray_token else None
        cluster = await stack.enter_async_context(RayJobs(settings.ray_address, token, settings.delivery_seconds))
        executor = RayExecutor(
            ledger=self._ledger,
            store=self._store,
            cluster=cluster,
            work=_ray_work(settings, self._store_options, self._limits),
            max_submissions=settings.ray_submissions,
            poll_seconds=settings.ray_poll_seconds,
        )
        return [Loop(executor, Ear())]

    def _publishing(self, publish: Publish) -> Loop:
        publishing = Publishing(Publisher(self._ledger.outbox, publish), self._bell, self._settings.poll_seconds)
        return Loop(publishing, self._bell.ear())

    def _make_sink(self) -> Sink:
        settings = self._settings
        self._store_options = StoreOptions(
            settings.readable, settings.writable, settings.s3_endpoint_url, settings.store_timeout_seconds
        )
        self._store = open_store(self._store_options)
        self._limits = ReadLimits(
            max_object_bytes=settings.max_object_bytes,
            max_unpacked_bytes=settings.max_unpacked_bytes,
            chunk_documents=settings.chunk_documents,
            chunk_bytes=settings.chunk_bytes,
        )
        answering = Answering(self._ledger.chunks, self._store, self._model_of, self._limits, settings.max_characters)
        return Sink(
            ledger=self._ledger,
            model_of=self._model_of,
            intake=IntakePolicy(
                results_uri=settings.results_uri,
                allowed=Allowed(settings.readable, settings.writable),
                max_inline_documents=settings.max_inline_documents,
                chunk_documents=settings.chunk_documents,
                chunk_bytes=settings.chunk_bytes,
            ),
            chunk=ChunkWork(self._ledger, answering, self._pace, _chunk_policy(settings)),
            scan=ScanWork(self._ledger.jobs, self._store, self._limits, settings.scan_seconds, settings.max_objects),
            completion=Completion(self._ledger, self._store),
        )

    def _model_of(self, name: str) -> Model:
        return Model(name, self._gateway, self._settings.chunk_seconds, self._settings.probe_seconds)


def _upstream(settings: EventingSettings) -> Upstream:
    token = settings.first_token()
    return Upstream(
        settings.gateway_url,
        connect_timeout_seconds=settings.connect_timeout_seconds,
        timeout_seconds=settings.chunk_seconds + 1,  # of a call's two limits, the deadline shall come first
        headers={"authorization": f"Bearer {token}"} if token else {},
    )


def _chunk_policy(settings: EventingSettings) -> ChunkPolicy:
    return ChunkPolicy(
        chunk_seconds=settings.chunk_seconds,
        slot_wait_seconds=settings.slot_wait_seconds,
        max_tries=settings.max_tries,
        retry_seconds=settings.max_backoff_seconds,
    )


def _ray_work(settings: EventingSettings, store: StoreOptions, limits: ReadLimits) -> RayWork:
    return RayWork(
        models=settings.ray_models_directory,
        store=store,
        limits=limits,
        max_characters=settings.max_characters,
        patience_seconds=settings.ray_patience_seconds,
        workers=settings.ray_workers,
        cpus=settings.ray_worker_cpus,
        gpus=settings.ray_worker_gpus,
    )


def _timing(settings: EventingSettings) -> Timing:
    return Timing(
        lease_seconds=settings.chunk_seconds + settings.lease_margin_seconds,
        republish_seconds=settings.republish_seconds,
        claim_seconds=settings.delivery_seconds * 3,
        delay_seconds=settings.max_backoff_seconds,
        progress_seconds=settings.progress_seconds,
        chunk_window=settings.chunk_window,
        ray_documents=settings.ray_documents if settings.ray_address else None,
        source=settings.source,
    )
