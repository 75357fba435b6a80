"""A candidate is tried on its share of the traffic, promoted where it is good, and rolled back where it is not."""

import contextlib
import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from math import sqrt
from pathlib import Path
from typing import Any

import pytest
from kube.cluster import MODEL, Cluster, until
from kube.front_door import Gateway

from rollout.policy import demo_policy

pytestmark = pytest.mark.cluster
TEXTS = ("Angela Merkel met Tim Cook of Apple in Berlin.", "Nothing of note happened.", "Sony is in Osaka.")
_ROLLOUT_SECONDS = 2400


@pytest.fixture
def registry(cluster: Cluster) -> Iterator[str]:
    with cluster.forwarded("service/mlflow", 5000) as url:
        yield url


def _summit(registry: str, *arguments: str) -> str:
    environment = {**os.environ, "MLFLOW_TRACKING_URI": registry}  # noqa: TID251 - a command's own
    command = [sys.executable, "-P", "-m", "cli", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False, timeout=900)
    assert done.returncode == 0, done.stderr
    return done.stdout


def _status(cluster: Cluster) -> Any:
    return cluster.get("modelrollout", MODEL)["status"]


@contextlib.contextmanager
def _load(gateway: Gateway, rate: float) -> Iterator[subprocess.Popen[str]]:
    """Steady requests, until the body ends; the summary is on its standard output."""
    environment = {**os.environ, "AI_SERVICE_URL": gateway.url, "AI_GATEWAY_TOKEN": gateway.token}  # noqa: TID251
    command = [sys.executable, "-P", "-m", "cli", "load", "--rate", str(rate), "--seconds", "3600", "--json"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(60)


@pytest.fixture
def demo(cluster: Cluster) -> None:
    """A policy whose waits are minutes."""
    policy = {"spec": {"policy": demo_policy().model_dump(mode="json")}}
    cluster.run("patch", "modelrollout", MODEL, "--type=merge", "-p", json.dumps(policy))


@pytest.mark.usefixtures("warm", "demo")
def test_a_good_candidate_gets_its_share_and_then_everything(cluster: Cluster, gateway: Gateway, registry: str) -> None:
    _summit(registry, "model", "alias", "champion", f"{MODEL}@1")
    _summit(registry, "model", "alias", "candidate", f"{MODEL}@2")
    with _load(gateway, 20):
        status = until(lambda: _in_ramp(_status(cluster)), "the candidate is in the ramp", _ROLLOUT_SECONDS)
        _check_split(gateway, status["percent"], status["candidate"]["version"], lambda: _status(cluster)["percent"])
        final = until(lambda: _over(_status(cluster)), "the rollout is over", _ROLLOUT_SECONDS)
    assert final["phase"] == "Promoted", final["reason"]
    service = cluster.get("inferenceservice", MODEL)["spec"]["predictor"]
    assert service["model"]["storageUri"].startswith(f"mlflow://{MODEL}/2")
    assert "canaryTrafficPercent" not in service
    assert "2" in _summit(registry, "model", "resolve", f"{MODEL}@champion").split()


def _in_ramp(status: Any) -> Any:
    return status if status["phase"] == "Ramp" and status["percent"] > 0 else None


def _over(status: Any) -> Any:
    return status if status["phase"] in {"Promoted", "RolledBack"} else None


def _check_split(gateway: Gateway, percent: int, candidate: str, percent_now: Any) -> None:
    """The candidate's share of 2,000 answers is within 4 standard deviations of the percent that was set."""
    answers: Counter[str] = Counter()
    with gateway.client() as client:
        for at in range(2000):
            answer = client.post("/extract", json={"text": TEXTS[at % len(TEXTS)]}).json()
            answers[answer.get("requested_model_version") or answer["model"]["version"]] += 1
    if percent_now() != percent:
        return  # the ramp went on meanwhile; the share is of two steps
    expected = percent / 100
    deviation = sqrt(expected * (1 - expected) / 2000)
    assert abs(answers[candidate] / 2000 - expected) <= 4 * deviation, answers


@pytest.mark.usefixtures("warm", "demo")
def test_a_bad_candidate_is_rolled_back_and_the_champion_s_spec_stands_again(
    cluster: Cluster, gateway: Gateway, registry: str, tmp_path: Path
) -> None:
    from servers.stages import save_tiny_model  # noqa: PLC0415 - torch, which collecting the suite shall not wait for

    before = cluster.get("inferenceservice", MODEL)["spec"]["predictor"]["model"]["storageUri"]
    save_tiny_model(tmp_path / "bad")  # random weights: it answers, and finds nothing right
    _summit(
        registry,
        "model",
        "publish",
        str(tmp_path / "bad"),
        "--name",
        MODEL,
        "--semver",
        "v0.0.1",
        "--alias",
        "candidate",
    )
    with _load(gateway, 20):
        final = until(lambda: _over(_status(cluster)), "the rollout is over", _ROLLOUT_SECONDS)
    assert final["phase"] == "RolledBack"
    assert final["reason"]
    service = cluster.get("inferenceservice", MODEL)["spec"]["predictor"]
    assert service["model"]["storageUri"] == before
    assert "canaryTrafficPercent" not in service
    assert gateway.extract(TEXTS[0]).json()["degraded"] is False
