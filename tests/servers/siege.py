"""A batch platform whose every part can be killed, and faults that strike while it works.

Consumer, model, database, object store and broker are real processes. A fault counts only if a job had open work when
it struck, and still had when it was over; one that struck between jobs is struck again.
"""

import hashlib
import json
import logging
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import httpx
from servers.amqp_bridge import FAULTS, amqp_bridge
from servers.eventing import EventingServer, eventing_server
from servers.killable import Killable
from servers.postgresql import PostgresqlServer
from servers.processes import answers, free_ports
from servers.rabbitmq import RabbitmqServer
from servers.results_reader import Expected
from servers.s3 import S3Server
from servers.skewed_clock import SkewedClock

from summit_inference.cloudevent import HttpMessage, binary_encoded
from summit_inference.events import RequestedData, event_of

_log = logging.getLogger(__name__)
_T = TypeVar("_T")

BUCKET = "siege"
CLOCK, FULL_DISK = "clock", "full disk"
_DATABASE = "siege"
_STALL_SECONDS, _POLL_SECONDS = 240.0, 0.1
_RETRIES = 30  # a job's own event must outlast every restart: else people have to replay it
_INLINE_DOCUMENTS, _MAX_JOBS = 300, 200
_FEWEST_CHUNKS = 20
_LEAST_JUMP_SECONDS, _LARGEST_JUMP_SECONDS, _ABOUT_NOW_SECONDS = 600.0, 172_800.0, 240.0
_BAD = {7: (b'{"text": "\xff"}', "not_utf8"), 21: (b"{", "not_json"), 22: (b'{"id": "x"}', "no_text")}


@dataclass(frozen=True)
class Grounds:
    """The servers that a siege needs besides its own."""

    postgresql: PostgresqlServer
    rabbitmq: RabbitmqServer
    broker: Killable
    s3: S3Server
    gateway_port: int
    model: Killable


@dataclass
class Siege:
    """A platform at work, and what struck it."""

    consumer: EventingServer
    bridge: str
    s3: S3Server
    killables: dict[str, Killable]
    clock: SkewedClock
    random: random.Random
    documents: int
    http: httpx.Client
    jobs: dict[str, Expected] = field(default_factory=dict)
    struck: Counter[str] = field(default_factory=Counter)

    def run(self, faults: Sequence[str]) -> None:
        """Strike with each of the faults, in another order, and see each time that work goes on."""
        for fault in self.random.sample(faults, len(faults)):
            while not self._strike(fault):
                pass

    def submit(self) -> str:
        """A new job, every other one by reference and with bad lines in it; its id."""
        job_id = f"job-{len(self.jobs)}"
        is_inline = len(self.jobs) % 2 == 1
        lines, expected = _documents(_INLINE_DOCUMENTS if is_inline else self.documents, with_bad=not is_inline)
        if is_inline:
            asked: dict[str, Any] = {"documents": [json.loads(line) for line in lines]}
        else:
            asked = {"reference": self._put(job_id, b"\n".join(lines))}
        self.jobs[job_id] = expected
        event = event_of(RequestedData.model_validate({"job_id": job_id, **asked}), source="/siege", id=job_id)
        message = binary_encoded(event)
        _until(lambda: self._is_published(message), "the broker takes no job")
        return job_id

    def ended(self, job_id: str) -> dict[str, Any]:
        """The job, once it is over."""

        def over() -> dict[str, Any] | None:
            status = self._statuses().get(job_id)
            return status if status and status["finished_at"] else None

        return _until(over, f"{job_id} does not end")

    def given_up(self) -> list[dict[str, Any]]:
        """What is in the quarantine."""
        found: list[dict[str, Any]] = self.http.get(f"{self.consumer.url}/quarantine").json()["entries"]
        return found

    def _strike(self, fault: str) -> bool:
        """Strike once; whether it counts."""
        self._await_open_work()
        counts = self._hit(fault) and self._open_chunks() > 0
        done = self._chunks_done()
        _until(
            lambda: self._chunks_done() > done or not self._has_open_jobs(), f"nothing is done any more after {fault}"
        )
        self.struck[fault] += counts
        _log.info("%s struck %s", fault, f"open work, {self._open_chunks()} chunks left" if counts else "nothing")
        return counts

    def _hit(self, fault: str) -> bool:
        """Let it happen and be over; whether it came to pass."""
        if fault in FAULTS:
            return self._disturb(fault)
        if fault == CLOCK:
            self._jump()
        elif fault == FULL_DISK:
            self.killables["database"].fill_disk()
            self.killables["database"].rise()
        else:
            self.killables[fault].kill()
            time.sleep(self.random.uniform(0, 0.3))
            self.killables[fault].rise()
        return True

    def _jump(self) -> None:
        """Set the consumer's clock, ahead and back by turns, and see its time in the ledger."""
        ahead = 1 if self.struck[CLOCK] % 2 == 0 else -1
        seconds = ahead * self.random.uniform(_LEAST_JUMP_SECONDS, _LARGEST_JUMP_SECONDS)
        self.clock.set(seconds)

        def is_seen() -> bool:
            instants = [each["updated_at"] for each in self._statuses().values()]
            return any(abs(each - time.time() - seconds) < _ABOUT_NOW_SECONDS for each in instants)

        _until(lambda: is_seen() or not self._has_open_jobs(), "the consumer does not see that its clock was set")

    def _disturb(self, fault: str) -> bool:
        """Plan the fault for the next chunk's event; whether it came to pass while there was work."""
        before = self._disturbed().get(fault, 0)
        self.http.post(f"{self.bridge}/faults", json=[fault])
        _until(lambda: not self._disturbed()["left"] or not self._has_open_jobs(), "no event comes")
        _until(
            lambda: self._disturbed().get(fault, 0) > before or not self._has_open_jobs(), f"{fault} does not happen"
        )
        return self._disturbed().get(fault, 0) > before

    def _disturbed(self) -> dict[str, int]:
        found: dict[str, int] = self.http.get(f"{self.bridge}/faults").json()
        return found

    def _await_open_work(self) -> None:
        if self._open_chunks() < _FEWEST_CHUNKS:
            self.submit()
        _until(lambda: self._open_chunks() > 0, "no job begins")

    def _has_open_jobs(self) -> bool:
        statuses = self._statuses()
        return any(job_id not in statuses or not statuses[job_id]["finished_at"] for job_id in self.jobs)

    def _open_chunks(self) -> int:
        return sum(each["chunks_total"] - each["chunks_done"] for each in self._statuses().values())

    def _chunks_done(self) -> int:
        return sum(each["chunks_done"] for each in self._statuses().values())

    def _statuses(self) -> dict[str, dict[str, Any]]:
        """What the consumer says of each job that has arrived there, once it says anything."""

        def asked() -> list[dict[str, Any]] | None:
            try:
                answer = self.http.get(f"{self.consumer.url}/jobs", params={"limit": _MAX_JOBS})
            except httpx.TransportError:
                return None
            return list(answer.json()["jobs"]) or [{}] if answer.is_success else None

        return {each["job_id"]: each for each in _until(asked, "the consumer does not answer") if each}

    def _is_published(self, message: HttpMessage) -> bool:
        try:
            return self.http.post(self.bridge, headers=list(message.headers), content=message.body).is_success
        except httpx.TransportError:
            return False

    def _put(self, name: str, content: bytes) -> dict[str, Any]:
        _until(lambda: self._is_put(name, content), "the object store takes nothing")
        uri = f"s3://{BUCKET}/in/{name}"
        return {"uri": uri, "size_bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}

    def _is_put(self, name: str, content: bytes) -> bool:
        self.s3.client().put_object(Bucket=BUCKET, Key=f"in/{name}", Body=content)
        return True


def _documents(count: int, *, with_bad: bool) -> tuple[list[bytes], Expected]:
    texts, lines, bad = {}, [], {}
    for number in range(1, count + 1):
        if with_bad and number in _BAD:
            line, bad[number] = _BAD[number]
        else:
            texts[number] = (f"d{number}", f"Angela Merkel {number % 97} met Bob in Berlin.")
            line = json.dumps({"id": texts[number][0], "text": texts[number][1]}).encode()
        lines.append(line)
    return lines, Expected(texts, bad)


def _until(ask: Callable[[], _T | None], otherwise: str) -> _T:
    end = time.monotonic() + _STALL_SECONDS
    while not (found := ask()):
        assert time.monotonic() < end, otherwise
        time.sleep(_POLL_SECONDS)
    return found


@contextmanager
def siege(grounds: Grounds, folder: Path, *, seed: int, documents: int) -> Iterator[Siege]:
    """The platform, until the block ends."""
    grounds.postgresql.make_database(_DATABASE)
    grounds.s3.client().create_bucket(Bucket=BUCKET)
    (port,) = free_ports(1)
    consumer = EventingServer(port)
    # The fixture's server forgets what it committed last when it is killed; this database must not.
    url = f"{grounds.postgresql.url(_DATABASE)}?options=-c%20synchronous_commit%3Don"
    with ExitStack() as stack:
        bridge = stack.enter_context(amqp_bridge(grounds.rabbitmq.url, consumer.url, folder, retries=_RETRIES))
        clock = SkewedClock(folder / "clock")
        clock.set(0)
        settings = {
            **_SETTINGS,
            **grounds.s3.environment,
            **clock.environment,
            "DATABASE_URL": url,
            "EVENTING_AMQP_URL": grounds.rabbitmq.url,
        }
        gateway = f"http://127.0.0.1:{grounds.gateway_port}"
        stack.enter_context(eventing_server(gateway, folder, port=port, **settings))
        killables = _killables(grounds, consumer)
        for name in ("consumer", "predictor", "database", "store"):
            stack.callback(killables[name].stop)
        http = stack.enter_context(httpx.Client(timeout=10))
        yield Siege(consumer, bridge, grounds.s3, killables, clock, random.Random(seed), documents, http)


_SETTINGS = {
    "EVENTING_RESULTS_URI": f"s3://{BUCKET}/out",
    "EVENTING_READABLE_URIS": f"s3://{BUCKET}/in",
    "EVENTING_CHUNK_DOCUMENTS": "20",
    "EVENTING_CHUNK_SECONDS": "5",
    "EVENTING_CHUNK_WINDOW": "30",
    "EVENTING_LEASE_MARGIN_SECONDS": "1",
    "EVENTING_REPUBLISH_SECONDS": "10",
    "EVENTING_MAX_BACKOFF_SECONDS": "0.5",
    "EVENTING_SLOT_WAIT_SECONDS": "2",
    "EVENTING_DATABASE_TIMEOUT_SECONDS": "3",
    "EVENTING_STORE_TIMEOUT_SECONDS": "3",
}


def _killables(grounds: Grounds, consumer: EventingServer) -> dict[str, Killable]:
    s3_port = int(grounds.s3.endpoint_url.rpartition(":")[2])
    return {
        "consumer": Killable("consumer", consumer.port, consumer.is_ready),
        "predictor": grounds.model,
        "database": Killable("database", grounds.postgresql.port, grounds.postgresql.is_ready),
        "store": Killable("store", s3_port, grounds.s3.is_ready),
        "broker": grounds.broker,
    }


def model_killable(port: int) -> Killable:
    """The model on this port."""
    return Killable("predictor", port, lambda: answers(port))
