"""Events reach a real RabbitMQ: work its queue, news whoever has subscribed."""

import aio_pika
import pytest
from servers.killable import Killable
from servers.ledgers import DIGEST
from servers.rabbitmq import RabbitmqServer

from cli.backing.sources import EVENTS_QUEUE
from eventing.amqp_target import AmqpTarget
from summit_inference.cloudevent import structured_decoded
from summit_inference.events import ChunkData, CompletedData, Counts, StoredObject, event_of

CHUNK = event_of(
    ChunkData(job_id="job", attempt=1, chunk_id="0000000", model_version="3"), source="/summit/eventing", id="chunk"
)
NEWS = event_of(
    CompletedData(
        job_id="job",
        attempt=1,
        model="summit-extract",
        model_version="3",
        manifest=StoredObject(uri="s3://texts/manifest.json", sha256=DIGEST),
        counts=Counts(total=1, done=1),
    ),
    source="/summit/eventing",
    id="news",
)


def _target(url: str, queue: str = EVENTS_QUEUE) -> AmqpTarget:
    return AmqpTarget(url, queue, "amq.topic", timeout_seconds=20)


async def test_work_is_confirmed_by_its_queue_and_news_go_to_those_who_asked(rabbitmq: RabbitmqServer) -> None:
    async with await aio_pika.connect(rabbitmq.url) as connection:
        channel = await connection.channel()
        work = await channel.get_queue(EVENTS_QUEUE)
        await work.purge()
        subscriber = await channel.declare_queue(exclusive=True)
        await subscriber.bind("amq.topic", "ai.summit.extraction.#")
        target = _target(rabbitmq.url)
        assert await target.publish([CHUNK, NEWS, CHUNK]) == [None, None, None]
        await target.aclose()
        for queue, event in ((work, CHUNK), (work, CHUNK), (subscriber, NEWS)):
            message = await queue.get(timeout=10)
            assert message is not None
            assert message.content_type == "application/cloudevents+json"
            assert structured_decoded(message.body) == event
            await message.ack()


async def test_only_news_may_be_heard_by_nobody(rabbitmq: RabbitmqServer) -> None:
    target = _target(rabbitmq.url, queue="not-declared")
    of_work, of_news = await target.publish([CHUNK, NEWS])
    await target.aclose()
    assert of_work is not None
    assert of_work.code == "overloaded"
    assert of_news is None


async def test_a_rabbitmq_that_is_not_there_is_one_to_wait_for() -> None:
    target = AmqpTarget("amqp://test:test@127.0.0.1:1/", EVENTS_QUEUE, "amq.topic", timeout_seconds=5)
    (fault,) = await target.publish([CHUNK])
    assert fault is not None
    assert fault.code == "upstream_unreachable"


@pytest.mark.long  # its server may send dead letters minutes late after that, and others wait for theirs
async def test_a_rabbitmq_that_was_killed_takes_events_again_once_it_is_back(
    rabbitmq: RabbitmqServer, broker: Killable
) -> None:
    target = _target(rabbitmq.url)
    assert await target.publish([CHUNK]) == [None]
    broker.kill()
    for _ in range(3):
        faults = await target.publish([CHUNK, CHUNK])
        assert [fault.code for fault in faults if fault] == ["upstream_unreachable"] * 2
    broker.rise()
    for _ in range(3):  # the first tells that the old connection is gone
        faults = await target.publish([CHUNK])
    assert faults == [None]
    await target.aclose()
