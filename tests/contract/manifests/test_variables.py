"""Every environment variable of a manifest is a setting of the component whose image it is given to."""

import pytest
from kube.pods import pods
from kube.rendering import MANIFESTS, OVERLAYS, Document, documents, overlay
from kube.variables import component_of, known

STANDALONE = documents((MANIFESTS / "inferenceservice.yaml").read_text("utf-8"))
_NO_SERVER = {"s3-buckets", "rabbitmq-queues"}
"""Jobs that borrow an image for its libraries."""


def _unknown(resources: tuple[Document, ...]) -> list[str]:
    return [
        f"{pod.title}: {variable['name']}"
        for pod in pods(resources)
        if pod.owner["metadata"]["name"] not in _NO_SERVER
        for container in pod.containers
        if (component := component_of(container["image"]))
        for variable in container.get("env", ())
        if variable["name"] not in known(component)
    ]


@pytest.mark.parametrize("name", OVERLAYS)
def test_an_overlay_sets_settings_only(name: str) -> None:
    assert _unknown(overlay(name)) == []


def test_the_plain_service_sets_settings_only() -> None:
    assert _unknown(STANDALONE) == []


def test_a_variable_that_is_no_setting_is_found() -> None:
    container = {"name": "c", "image": "summit/gateway:0.1.0", "env": [{"name": "GATEWAY_UPSTREAM", "value": "x"}]}
    pod = {"template": {"spec": {"containers": [container]}}}
    broken = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "d"}, "spec": pod}
    assert _unknown((broken,)) == ["Deployment d: GATEWAY_UPSTREAM"]


def test_every_component_with_settings_is_deployed() -> None:
    deployed = {component_of(container["image"]) for pod in pods(overlay("kind")) for container in pod.containers} - {
        None
    }
    assert deployed == {
        "eventing",
        "fallback",
        "gateway",
        "predictor",
        "rollout",
        "storage-initializer",
        "transformer",
    }
