"""What a subscriber hears of a job, over HTTP, and what becomes of it while the subscriber does not listen."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from servers.eventing_here import eventing_here, requested
from servers.scripted_model import ScriptedModel

from eventing.delivery import HttpTarget
from summit_inference.cloudevent import Event, HttpMessage, decoded
from summit_inference.errors import CallerError, Overloaded, SummitError, UpstreamBroken, UpstreamUnreachable
from summit_inference.events import CompletedData, ProgressedData, data_of

NEWS = Event(id="1", source="/s", type="t")


class Subscriber(ThreadingHTTPServer):
    """Keeps the events that it gets, once it has refused `refusals` of them with `status`."""

    def __init__(self, refusals: int, status: int) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.refusals, self.status = refusals, status
        self.events: list[Event] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/news"


class _Handler(BaseHTTPRequestHandler):
    server: Subscriber

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        is_refused = self.server.refusals > 0
        self.server.refusals -= 1
        if not is_refused:
            self.server.events.append(decoded(HttpMessage(list(self.headers.items()), body)))
        self.send_response(self.server.status if is_refused else 204)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """A test's output is for its failures."""


@contextmanager
def subscriber(refusals: int = 0, status: int = 503) -> Iterator[Subscriber]:
    with Subscriber(refusals, status) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


async def test_a_subscriber_that_was_away_hears_how_the_job_ended(model: ScriptedModel, tmp_path: Path) -> None:
    texts = [f"Hello Bob {at}" for at in range(40)]
    with subscriber(refusals=2) as heard:
        ledger = f"sqlite:///{tmp_path / 'ledger.db'}"
        async with eventing_here(ledger, model.url, tmp_path, subscriber_url=heard.url) as here:
            await here.send(requested(texts))
            status = await here.ended()
            async with asyncio.timeout(60):
                while CompletedData.event_type not in {event.type for event in heard.events}:  # noqa: ASYNC110
                    await asyncio.sleep(0.02)
        completed = next(event for event in heard.events if event.type == CompletedData.event_type)
        data: CompletedData = data_of(completed, CompletedData)
        assert data.manifest.uri == status["manifest"]["uri"]
        assert (data.counts.total, data.counts.done, data.model_version, completed.subject) == (40, 40, "3", "job")
        assert {event.type for event in heard.events} <= {CompletedData.event_type, ProgressedData.event_type}


@pytest.mark.parametrize(
    ("status", "fault"),
    [(400, CallerError), (429, Overloaded), (500, UpstreamBroken), (302, UpstreamBroken)],
    ids=["400", "429", "500", "a redirect"],
)
async def test_an_answer_that_is_no_2xx_is_a_fault(status: int, fault: type[SummitError]) -> None:
    with subscriber(refusals=1, status=status) as heard:
        async with HttpTarget(heard.url, timeout_seconds=10) as target:
            with pytest.raises(fault):
                await target.send(NEWS)
            assert await target.publish([NEWS]) == [None]
        assert heard.events == [NEWS]


async def test_nobody_there_is_a_fault_that_passes() -> None:
    async with HttpTarget("http://127.0.0.1:1", timeout_seconds=5) as target:
        (fault,) = await target.publish([NEWS])
    assert isinstance(fault, UpstreamUnreachable)
