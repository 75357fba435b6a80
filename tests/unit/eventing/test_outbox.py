from collections.abc import Sequence
from pathlib import Path

from servers.ledgers import Clock, inline_job, sqlite_ledger

from eventing.outbox import Publisher
from summit_inference.cloudevent import Event
from summit_inference.errors import SummitError, UpstreamUnreachable


class Broker:
    """Takes events while it is up."""

    def __init__(self) -> None:
        self.is_up = True
        self.taken: list[str] = []

    async def publish(self, events: Sequence[Event]) -> list[SummitError | None]:
        """The second of several is lost on the way where the broker is down."""
        faults = [None if self.is_up or at != 1 else UpstreamUnreachable("Down.") for at in range(len(events))]
        self.taken += [event.id for event, fault in zip(events, faults, strict=True) if fault is None]
        return list(faults)


async def test_what_the_broker_does_not_take_is_published_later(tmp_path: Path) -> None:
    clock, broker = Clock(), Broker()
    with sqlite_ledger(tmp_path, clock) as ledger:
        publisher = Publisher(ledger.outbox, broker.publish)
        assert await publisher.publish_due() == 0
        ledger.jobs.accept(inline_job(1, 1, 1))
        broker.is_up = False
        assert await publisher.publish_due() == 2
        broker.is_up = True
        assert await publisher.publish_due() == 0
        clock.now += 3
        assert await publisher.publish_due() == 1
        assert sorted(broker.taken) == ["job/1/0000000", "job/1/0000001", "job/1/0000002"]
