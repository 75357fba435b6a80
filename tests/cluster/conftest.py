"""What the suite for a real cluster shares. `pytest tests/cluster --cluster`, with KUBECONFIG; see kind-cluster/up."""

from collections.abc import Generator, Iterator
from typing import Any

import pytest
from kube.cluster import MODEL, Cluster
from kube.front_door import Gateway


@pytest.fixture(scope="session")
def cluster() -> Cluster:
    return Cluster.here()


@pytest.fixture
def gateway(cluster: Cluster, request: pytest.FixtureRequest) -> Iterator[Gateway]:
    """By --gateway-url, or through a port-forward."""
    token = cluster.secret("gateway", "AI_GATEWAY_TOKEN").split(",")[0].rpartition(":")[2]
    stated = request.config.getoption("--gateway-url")
    if stated:
        yield Gateway(stated, token)
        return
    with cluster.forwarded("service/gateway", 8000) as url:
        yield Gateway(url, token)


@pytest.fixture
def ingress(cluster: Cluster) -> Iterator[tuple[str, str]]:
    """Kourier's inner listener on this machine, and the host by which it knows the model."""
    host = cluster.get("inferenceservice", MODEL)["status"]["url"].split("://")[1]
    with cluster.forwarded("service/kourier-internal", 80, namespace="kourier-system") as url:
        yield url, host


@pytest.fixture
def warm(cluster: Cluster, gateway: Gateway) -> None:
    """The model answers: at least one of its pods is up."""
    cluster.wait(f"inferenceservice/{MODEL}", "condition=Ready", 900)
    with gateway.client(600) as client:
        answer = client.post("/extract?degradation=refuse", json={"text": "Warm."})
        for _ in range(60):
            if answer.status_code == 200:
                return
            answer = client.post("/extract?degradation=refuse", json={"text": "Warm."})
    pytest.fail(f"the model never answered by itself: {answer.status_code} {answer.text}", pytrace=False)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, Any, Any]:
    """A test that fails tells what the cluster knew at that moment."""
    report: Any = yield
    if report.when == "call" and report.failed and "cluster" in getattr(item, "funcargs", {}):
        report.sections.append(("cluster", item.funcargs["cluster"].diagnosis()))  # type: ignore[attr-defined]
    return report
