"""The InferenceService is there, as KServe shows it, and answers by every way in."""

import httpx
import pytest
from kube.cluster import MODEL, Cluster
from kube.front_door import Gateway

pytestmark = pytest.mark.cluster
TEXT = "Angela Merkel met Tim Cook of Apple in Berlin."
COLUMNS = ["NAME", "URL", "READY", "PREV", "LATEST", "PREVROLLEDOUTREVISION", "LATESTREADYREVISION", "AGE"]
V2 = {"inputs": [{"name": "text", "datatype": "BYTES", "shape": [1], "data": [TEXT]}]}


def test_the_service_becomes_ready_and_prints_its_columns(cluster: Cluster) -> None:
    cluster.wait(f"inferenceservice/{MODEL}", "condition=Ready", 900)
    heading, row = cluster.run("get", "inferenceservice", MODEL).stdout.splitlines()
    assert heading.split() == COLUMNS
    assert row.split()[0] == MODEL
    assert "True" in row.split()


@pytest.mark.usefixtures("warm")
def test_v2_answers_through_the_ingress(ingress: tuple[str, str]) -> None:
    url, host = ingress
    answer = httpx.post(f"{url}/v2/models/{MODEL}/infer", json=V2, headers={"host": host}, timeout=600)
    assert answer.status_code == 200, answer.text
    assert answer.json()["model_version"]
    assert answer.headers["x-model-version"] == answer.json()["model_version"]


@pytest.mark.usefixtures("warm")
def test_extract_answers_through_the_gateway_from_the_version_that_is_deployed(
    cluster: Cluster, gateway: Gateway
) -> None:
    answer = gateway.extract(TEXT).json()
    uri = cluster.get("inferenceservice", MODEL)["spec"]["predictor"]["model"]["storageUri"]
    assert answer["degraded"] is False
    assert answer["model"]["version"] == uri.rpartition("/")[2]
    assert {"Angela Merkel", "Berlin"} <= set(answer["entities"])


def test_without_a_key_nothing_is_answered(gateway: Gateway) -> None:
    assert httpx.post(f"{gateway.url}/extract", json={"text": TEXT}).status_code == 401
    assert httpx.get(f"{gateway.url}/ready").status_code == 200


def test_strangers_cannot_reach_the_model_past_knative(cluster: Cluster) -> None:
    """NetworkPolicies are enforced: a pod that nobody knows gets no answer from a model's container."""
    pods = [pod for pod in cluster.model_pods() if pod["status"].get("podIP")]
    assert pods, "the model has no pod; run the tests before this one"
    address = pods[0]["status"]["podIP"]
    probe = f"import urllib.request as u; u.urlopen('http://{address}:8080/health', timeout=5)"
    done = cluster.run("exec", "deployment/fallback", "--", "python", "-c", probe, check=False)
    assert done.returncode != 0
    assert "timed out" in done.stderr or "refused" in done.stderr
