"""Predictor and transformer start with exactly what KServe and Knative give them, out of the rendered manifest."""

import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path

import httpx
import pytest
from kube.injection import Started, initializer_arguments, started
from kube.rendering import MANIFESTS, documents, one, overlay
from servers.processes import answers, free_ports, running
from servers.stages import MODEL_VERSION, save_tiny_model

from registry.storage_uri import StorageUri

(STANDALONE,) = documents((MANIFESTS / "inferenceservice.yaml").read_text("utf-8"))
LAPTOP = started(one(overlay("kind"), "InferenceService", "summit-extract"), overlay("kind"))
MODULES = {"kserve-container": "predictor", "transformer-container": "transformers_stage"}
PORTS = (8080, 8081, 8082, 8083)


def _moved(container: Started, ports: Mapping[int, int]) -> list[str]:
    """Its arguments, with each port moved to one that is free here."""
    return [re.sub(r"\b80\d\d\b", lambda found: str(ports[int(found[0])]), each) for each in container.arguments]


@pytest.fixture(scope="module")
def pod(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[int, int]]:
    """The two processes of a pod, by the ports of the manifest; the model's directory alone is another."""
    folder = tmp_path_factory.mktemp("pod")
    model = folder / "models"
    save_tiny_model(model)
    ports = dict(zip(PORTS, free_ports(len(PORTS)), strict=True))
    with ExitStack() as processes:
        for container in LAPTOP:
            here = {
                "PREDICTOR_MODEL_DIRECTORY": str(model),
                "PREDICTOR_DRAIN_SECONDS": "0",
                "TRANSFORMER_MODEL_DIRECTORY": str(model),
                "TRANSFORMER_DRAIN_SECONDS": "0",
                "MODEL_VERSION": MODEL_VERSION,
            }
            processes.enter_context(_process(container, folder, ports, here))
        yield ports


def _process(
    container: Started, folder: Path, ports: Mapping[int, int], here: Mapping[str, str]
) -> AbstractContextManager[object]:
    module = MODULES[container.name]
    front = ports[8082] if module == "predictor" else ports[8080]
    own = {name: value for name, value in here.items() if not name.startswith(("PREDICTOR", "TRANSFORMER"))}
    prefix = "PREDICTOR" if module == "predictor" else "TRANSFORMER"
    own |= {name: value for name, value in here.items() if name.startswith(prefix)}
    return running(
        [sys.executable, "-P", "-m", module, *_moved(container, ports)],
        log=folder / f"{module}.log",
        is_ready=lambda: answers(front),
        environment={**container.environment, **own},
    )


def test_the_pod_is_ready_by_the_probe_of_the_manifest(pod: Mapping[int, int]) -> None:
    runtime = one(overlay("kind"), "ClusterServingRuntime", "summit-token-classification-0-1-0")
    probe = runtime["spec"]["containers"][1]["readinessProbe"]["httpGet"]
    path = probe["path"].replace("{{.Name}}", "summit-extract")
    assert httpx.get(f"http://127.0.0.1:{pod[probe['port']]}{path}").status_code == 200


def test_both_containers_are_alive_by_the_probes_of_the_manifest(pod: Mapping[int, int]) -> None:
    runtime = one(overlay("kind"), "ClusterServingRuntime", "summit-token-classification-0-1-0")
    for container in runtime["spec"]["containers"]:
        probe = container["livenessProbe"]["httpGet"]
        assert httpx.get(f"http://127.0.0.1:{pod[probe['port']]}{probe['path']}").status_code == 200


def test_text_goes_in_and_the_version_comes_out(pod: Mapping[int, int]) -> None:
    body = {"inputs": [{"name": "text", "datatype": "BYTES", "shape": [1], "data": ["angela merkel."]}]}
    answer = httpx.post(f"http://127.0.0.1:{pod[8080]}/v2/models/summit-extract/infer", json=body, timeout=60)
    assert answer.status_code == 200
    assert answer.json()["model_version"] == MODEL_VERSION


def test_metrics_are_where_prometheus_looks(pod: Mapping[int, int]) -> None:
    monitor = one(overlay("kind"), "PodMonitor", "model")
    addresses = [each["relabelings"][1]["replacement"] for each in monitor["spec"]["podMetricsEndpoints"]]
    for address in addresses:
        port = pod[int(address.rpartition(":")[2])]
        assert "ai_model_info" in httpx.get(f"http://127.0.0.1:{port}/metrics").text


def test_the_runtime_and_the_plain_service_start_the_same() -> None:
    """manifests/inferenceservice.yaml is what people copy, the runtime what the overlays use."""
    gpu = started(one(overlay("gpu"), "InferenceService", "summit-extract"), overlay("gpu"))
    plain = started(STANDALONE)
    assert [(each.name, each.arguments) for each in gpu] == [(each.name, each.arguments) for each in plain]
    for one_, other in zip(gpu, plain, strict=True):
        assert {**other.environment, "STORAGE_URI": None} == {**one_.environment, "STORAGE_URI": None}


def test_the_runtime_and_the_plain_service_are_one_pod() -> None:
    runtime = one(overlay("gpu"), "ClusterServingRuntime", "summit-token-classification-0-1-0")
    service = one(overlay("gpu"), "InferenceService", "summit-extract")["spec"]["predictor"]
    plain = STANDALONE["spec"]["predictor"]
    kept = {"image", "resources", "securityContext", "volumeMounts", "livenessProbe", "ports"}
    for theirs, ours in zip(runtime["spec"]["containers"], plain["containers"], strict=True):
        assert {name: theirs.get(name) for name in kept} == {name: ours.get(name) for name in kept}
    assert (runtime["spec"]["volumes"], runtime["spec"]["tolerations"]) == (plain["volumes"], plain["tolerations"])
    assert {name: value for name, value in plain.items() if name in service} == {
        name: value for name, value in service.items() if name != "model"
    }
    annotations = {**runtime["spec"]["annotations"], "serving.kserve.io/deploymentMode": "Knative"}
    assert STANDALONE["metadata"]["annotations"] == annotations


def test_the_storage_initializer_understands_what_it_is_given() -> None:
    for service in (STANDALONE, one(overlay("kind"), "InferenceService", "summit-extract")):
        uri, directory = initializer_arguments(service)
        assert StorageUri.parse(uri).is_exact
        assert directory == "/mnt/models"
