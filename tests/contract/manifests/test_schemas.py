"""Every resource has the fields of its kind and no other, by the schemas of its own project."""

import copy
from collections.abc import Callable
from itertools import chain

import pytest
from kube.rendering import MANIFESTS, OVERLAYS, Document, documents, of_kind, one, overlay, rendered
from kube.schemas import faults

STANDALONE = documents((MANIFESTS / "inferenceservice.yaml").read_text("utf-8"))
EXAMPLE = documents((MANIFESTS / "serving-runtime" / "example.yaml").read_text("utf-8"))


@pytest.mark.parametrize("name", OVERLAYS)
def test_an_overlay_is_valid(name: str) -> None:
    assert faults(overlay(name)) == []


def test_what_is_applied_besides_the_overlays_is_valid() -> None:
    assert faults(chain(STANDALONE, EXAMPLE, rendered("eventing/broker"))) == []


def _gateway() -> Document:
    return one(overlay("kind"), "Deployment", "gateway")


BROKEN: dict[str, tuple[Callable[[], Document], Callable[[Document], object], str]] = {
    "a typo in a Deployment": (
        _gateway,
        lambda d: d["spec"]["template"]["spec"].update(enableServicelinks=False),
        "enableServicelinks",
    ),
    "a number where Kubernetes wants a text": (
        _gateway,
        lambda d: d["spec"]["template"]["spec"]["containers"][0]["env"][0].update(value=8000),
        "8000",
    ),
    "a typo in a Knative Service": (
        lambda: next(r for r in of_kind(overlay("kind"), "Service") if "knative" in r["apiVersion"]),
        lambda d: d["spec"]["template"]["spec"].update(timeoutSecond=1),
        "timeoutSecond",
    ),
    "a typo in a Trigger": (
        lambda: next(of_kind(rendered("eventing/broker"), "Trigger")),
        lambda d: d["spec"].update(brocker="summit"),
        "brocker",
    ),
    "a typo in an InferenceService": (
        lambda: STANDALONE[0],
        lambda d: d["spec"]["predictor"].update(minReplica=0),
        "minReplica",
    ),
    "a typo in a container of it": (
        lambda: STANDALONE[0],
        lambda d: d["spec"]["predictor"]["containers"][0].update(envs=[]),
        "envs",
    ),
    "a text where KServe wants a number": (
        lambda: STANDALONE[0],
        lambda d: d["spec"]["predictor"].update(minReplicas="0"),
        "minReplicas",
    ),
    "a pod's field in a runtime, which has none": (
        lambda: next(of_kind(overlay("kind"), "ClusterServingRuntime")),
        lambda d: d["spec"].update(runtimeClassName="nvidia"),
        "runtimeClassName",
    ),
    "a typo in a RabbitmqSource": (
        lambda: next(of_kind(overlay("kind"), "RabbitmqSource")),
        lambda d: d["spec"]["rabbitmqResourcesConfig"].update(queue="summit.jobs"),
        "queue",
    ),
    "a typo in a PodMonitor": (
        lambda: next(of_kind(overlay("kind"), "PodMonitor")),
        lambda d: d["spec"]["podMetricsEndpoints"][0].update(intervall="5s"),
        "intervall",
    ),
    "a kind that nobody knows": (_gateway, lambda d: d.update(kind="Deploiment"), "Deploiment"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_mistake_is_found(case: str) -> None:
    take, break_it, named = BROKEN[case]
    resource = copy.deepcopy(take())
    break_it(resource)
    (fault,) = faults([resource])
    assert named in fault
