"""Whatever a resource names is there: in the same overlay, or among the Secrets that the install guide asks for."""

import copy
import re
from collections.abc import Callable, Sequence

import pytest
from kube.pods import kind_of
from kube.references import dangling
from kube.rendering import OVERLAYS, ROOT, Document, of_kind, one, overlay, rendered

from eventing.sink import TOLD_TYPES
from summit_inference import events

GUIDE = (ROOT / "docs" / "guides" / "install.md").read_text("utf-8")
BROUGHT = {
    name: frozenset(re.findall(r"`([A-Za-z_]+)`", keys))
    for name, keys in re.findall(r"^\| Secret `([a-z-]+)` \| ([^|]+) \|", GUIDE, re.MULTILINE)
}
"""The Secrets of the guide's table, with their keys."""


@pytest.mark.parametrize("name", [name for name in OVERLAYS if name != "kind"])
def test_an_overlay_needs_no_more_than_the_secrets_of_the_guide(name: str) -> None:
    assert dangling(overlay(name), BROUGHT) == []


def test_the_laptop_needs_nothing() -> None:
    assert dangling(overlay("kind"), {}) == []


def test_the_broker_variant_fits_the_overlay() -> None:
    assert dangling((*overlay("kind"), *rendered("eventing/broker")), {}) == []


def test_the_guide_asks_for_no_secret_that_nobody_reads() -> None:
    text = str([overlay("gpu"), rendered("eventing/broker")])
    assert [name for name in BROUGHT if f"'name': '{name}'" not in text] == []


def test_production_overlays_hold_no_secret() -> None:
    for name in OVERLAYS:
        assert name == "kind" or list(of_kind(overlay(name), "Secret")) == []


BROKEN: dict[str, Callable[[list[Document]], object]] = {
    "a Secret": lambda r: r.remove(one(r, "Secret", "redis")),
    "a key of a Secret": lambda r: one(r, "Secret", "gateway")["data"].pop("AI_GATEWAY_TOKEN"),
    "a ConfigMap": lambda r: r.remove(one(r, "ConfigMap", "model-registry")),
    "a ServiceAccount": lambda r: r.remove(one(r, "ServiceAccount", "model")),
    "a Service that somebody calls": lambda r: r.remove(one(r, "Service", "mlflow")),
    "a port that somebody calls": lambda r: one(r, "Service", "mlflow")["spec"]["ports"][0].update(port=5001),
    "pods for a Service": lambda r: one(r, "Deployment", "redis")["spec"]["template"]["metadata"]["labels"].clear(),
    "a port for a Service": lambda r: one(r, "Service", "gateway")["spec"]["ports"][0].update(targetPort="htpp"),
    "pods for a budget": lambda r: r.remove(one(r, "Deployment", "fallback")),
    "a Role": lambda r: r.remove(one(r, "Role", "rollout")),
    "a runtime": lambda r: r.remove(next(of_kind(r, "ClusterServingRuntime"))),
    "a storage initializer": lambda r: r.remove(next(of_kind(r, "ClusterStorageContainer"))),
    "a sink": lambda r: r.remove(next(each for each in r if kind_of(each) == "Service.serving.knative.dev")),
    "a volume": lambda r: one(r, "Deployment", "mlflow")["spec"]["template"]["spec"].pop("volumes"),
    "a port for a probe": lambda r: one(r, "Deployment", "gateway")["spec"]["template"]["spec"]["containers"][0][
        "ports"
    ].pop(0),
}


@pytest.mark.parametrize("missing", BROKEN)
def test_what_is_missing_is_found(missing: str) -> None:
    resources: Sequence[Document] = copy.deepcopy(overlay("kind"))
    changed = list(resources)
    BROKEN[missing](changed)
    assert dangling(changed, {}) != []


def test_the_broker_brings_eventing_what_it_takes_and_nothing_else() -> None:
    """What we publish for others must not come back to us: it would be refused, again and again."""
    wanted = {
        trigger["spec"]["filter"]["attributes"]["type"] for trigger in of_kind(rendered("eventing/broker"), "Trigger")
    }
    known = {data.event_type for data in vars(events).values() if _is_event(data)}
    assert wanted == known - set(TOLD_TYPES)


def _is_event(data: object) -> bool:
    return isinstance(data, type) and issubclass(data, events.EventData) and data is not events.EventData
