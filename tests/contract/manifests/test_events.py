"""Work that eventing publishes comes back to it: by RabbitMQ where it publishes there, else not."""

import json

import pytest
from kube.pods import pods
from kube.rendering import MANIFESTS, OVERLAYS, Document, of_kind, overlay

from eventing.settings import EventingSettings

QUEUES = json.loads((MANIFESTS / "eventing" / "rabbitmq-queues.json").read_text("utf-8"))["queues"]
DEAD_LETTERS = {queue["name"]: queue["arguments"]["x-dead-letter-routing-key"] for queue in QUEUES}


def _sinks(resources: tuple[Document, ...]) -> dict[str, str]:
    """Where each queue is brought."""
    specs = [source["spec"] for source in of_kind(resources, "RabbitmqSource")]
    return {spec["rabbitmqResourcesConfig"]["queueName"]: spec["sink"]["uri"] for spec in specs}


def _publishes(resources: tuple[Document, ...]) -> bool:
    (eventing,) = (pod for pod in pods(resources) if pod.labels.get("app.kubernetes.io/name") == "eventing")
    return "EVENTING_AMQP_URL" in {variable["name"] for variable in eventing.containers[0]["env"]}


@pytest.mark.parametrize("name", OVERLAYS)
def test_what_eventing_publishes_is_brought_back_to_it(name: str) -> None:
    work = EventingSettings.model_fields["amqp_queue"].default
    wanted = {work: "/events", DEAD_LETTERS[work]: "/dead-letters"} if name != "standard" else {}
    assert _sinks(overlay(name)) == wanted
    assert _publishes(overlay(name)) == bool(wanted)


def test_what_the_dead_letters_sink_does_not_take_stays_in_its_queue() -> None:
    assert DEAD_LETTERS[DEAD_LETTERS["summit-events"]] == DEAD_LETTERS["summit-events"]
    assert {queue["arguments"]["x-overflow"] for queue in QUEUES} == {"reject-publish"}
