"""Jobs through a real RabbitMQ, with the queues that production declares and a bridge like Knative's source."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from servers.amqp_bridge import amqp_bridge
from servers.eventing import EventingServer, eventing_server
from servers.eventing_here import requested, rows_of
from servers.processes import free_ports
from servers.rabbitmq import RabbitmqServer
from servers.scripted_model import ScriptedModel

from summit_inference.cloudevent import binary_encoded

TEXTS = [f"Hello Bob {at}, this is Ada." for at in range(40)]


@pytest.fixture(scope="module")
def consumer_port() -> int:
    return free_ports(1)[0]


@pytest.fixture(scope="module")
def bridge(rabbitmq: RabbitmqServer, consumer_port: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("bridge")
    with amqp_bridge(rabbitmq.url, f"http://127.0.0.1:{consumer_port}", folder, retries=2) as url:
        yield url


@pytest.fixture(scope="module")
def consumer(
    one_model: ScriptedModel,
    rabbitmq: RabbitmqServer,
    consumer_port: int,
    tmp_path_factory: pytest.TempPathFactory,
) -> Callable[[], Any]:
    folder = tmp_path_factory.mktemp("consumer")
    settings = {
        "EVENTING_AMQP_URL": rabbitmq.url,
        "EVENTING_CHUNK_DOCUMENTS": "4",
        "EVENTING_MAX_BACKOFF_SECONDS": "0.2",
        "EVENTING_SLOT_WAIT_SECONDS": "0.1",
    }
    return lambda: eventing_server(one_model.url, folder, port=consumer_port, **settings)


def publish(bridge: str, job_id: str) -> None:
    """As a producer must: again, until a quorum has it."""
    message = binary_encoded(requested(TEXTS, event_id=job_id, job_id=job_id))

    def is_taken() -> bool:
        return httpx.post(bridge, headers=list(message.headers), content=message.body).status_code == 202

    until(is_taken, f"the broker does not take the event of job {job_id}")


def until(ask: Callable[[], Any], otherwise: str) -> Any:
    """What `ask` finds, once it finds something."""
    end = time.monotonic() + 90
    while not (found := ask()):
        assert time.monotonic() < end, otherwise
        time.sleep(0.1)
    return found


def ended(server: EventingServer, job_id: str) -> dict[str, Any]:
    def over() -> dict[str, Any] | None:
        answer = httpx.get(f"{server.url}/jobs/{job_id}")
        return answer.json() if answer.is_success and answer.json()["finished_at"] else None

    found: dict[str, Any] = until(over, f"job {job_id} does not end")
    return found


def assert_whole(status: dict[str, Any]) -> None:
    assert status["state"] == "completed"
    assert [row["line"] for row in rows_of(status)] == list(range(1, len(TEXTS) + 1))


def test_a_job_that_nobody_took_waits_in_the_quarantine_and_is_done_when_it_is_replayed(
    bridge: str, consumer: Callable[[], Any]
) -> None:
    publish(bridge, "early")
    time.sleep(1)  # until the source has given up, and the dead letters are refused, too
    with consumer() as server:
        (entry,) = until(
            lambda: httpx.get(f"{server.url}/quarantine").json()["entries"], "nothing is in the quarantine"
        )
        assert httpx.post(f"{server.url}/quarantine/{entry['id']}/replay").is_success
        assert_whole(ended(server, "early"))


def test_answers_that_are_lost_and_events_that_come_twice_or_late_change_nothing(
    bridge: str, consumer: Callable[[], Any]
) -> None:
    httpx.post(f"{bridge}/faults", json=["drop", "duplicate", "reorder"] * 2)
    with consumer() as server:
        publish(bridge, "disturbed")
        assert_whole(ended(server, "disturbed"))
    told = httpx.get(f"{bridge}/faults").json()
    assert (told["left"], told["drop"], told["duplicate"]) == (0, 2, 2)


def test_what_a_model_cannot_answer_for_a_while_goes_through_the_dead_letters_and_is_done(
    bridge: str, consumer: Callable[[], Any], model: ScriptedModel
) -> None:
    with consumer() as server:
        model.is_down = True
        publish(bridge, "waiting")
        until(lambda: "ai_dead_letters_total{" in httpx.get(f"{server.url}/metrics").text, "nothing is a dead letter")
        model.is_down = False
        assert_whole(ended(server, "waiting"))
