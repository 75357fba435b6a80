"""To zero after a pause, back with the first request; what each part of a cold start takes; nobody sees an error."""

import json
import sys
import time
from datetime import datetime
from typing import Any

import pytest
from kube.cluster import MODEL, Cluster, until
from kube.front_door import Gateway

pytestmark = pytest.mark.cluster
TEXT = "Angela Merkel met Tim Cook of Apple in Berlin."
_TO_ZERO_SECONDS = 1200


def _gone(cluster: Cluster) -> bool | None:
    running = [pod for pod in cluster.model_pods() if not pod["metadata"].get("deletionTimestamp")]
    return True if not running else None


def _at(text: str | None) -> float | None:
    return datetime.fromisoformat(text).timestamp() if text else None


def _parts(pod: Any, asked_at: float, answered_at: float) -> dict[str, float]:
    """Seconds of each part, from what Kubernetes noted on the pod; its instants are whole seconds."""
    conditions = {each["type"]: _at(each["lastTransitionTime"]) for each in pod["status"]["conditions"]}
    (initializer,) = pod["status"]["initContainerStatuses"]
    ended = initializer["state"]["terminated"]
    started = [_at(each["state"].get("running", {}).get("startedAt")) for each in pod["status"]["containerStatuses"]]
    marks = [
        ("decide", asked_at, _at(pod["metadata"]["creationTimestamp"])),
        ("schedule", _at(pod["metadata"]["creationTimestamp"]), conditions["PodScheduled"]),
        ("pull and start the initializer", conditions["PodScheduled"], _at(ended["startedAt"])),
        ("initialize", _at(ended["startedAt"]), _at(ended["finishedAt"])),
        ("pull and start the containers", _at(ended["finishedAt"]), max(each for each in started if each)),
        ("import, load, ready", max(each for each in started if each), conditions["Ready"]),
        ("answer", conditions["Ready"], answered_at),
    ]
    return {name: round(end - begin, 1) for name, begin, end in marks if begin is not None and end is not None}


@pytest.mark.usefixtures("warm")
def test_after_a_pause_there_is_no_pod_and_the_first_request_brings_one(cluster: Cluster, gateway: Gateway) -> None:
    until(lambda: _gone(cluster), "the model's pods are gone", _TO_ZERO_SECONDS)
    asked_at = time.time()
    with gateway.client(900) as client:
        answer = until(
            lambda: _by_the_model(client.post("/extract?degradation=refuse", json={"text": TEXT})),
            "the model answers by itself",
            900,
        )
    (pod, *_) = cluster.model_pods()
    parts = _parts(pod, asked_at, time.time())
    sys.stderr.write(json.dumps({"cold_start_seconds": round(time.time() - asked_at, 1), "parts": parts}) + "\n")
    assert answer["degraded"] is False


def _by_the_model(response: Any) -> Any:
    return response.json() if response.status_code == 200 else None


@pytest.mark.usefixtures("warm")
def test_while_it_starts_a_hurried_caller_gets_a_flagged_answer_in_time(cluster: Cluster, gateway: Gateway) -> None:
    until(lambda: _gone(cluster), "the model's pods are gone", _TO_ZERO_SECONDS)
    kinds: list[bool] = []
    with gateway.client() as client:
        deadline = time.monotonic() + 900
        while not kinds or kinds[-1]:
            begun = time.monotonic()
            answer = client.post("/extract", json={"text": TEXT}, headers={"x-request-timeout-ms": "300"})
            assert answer.status_code == 200, answer.text
            assert time.monotonic() - begun < 1.0
            kinds.append(answer.json()["degraded"])
            assert time.monotonic() < deadline, "it never changed over to the model"
            time.sleep(0.2)
    assert kinds[0] is True
    assert f"{MODEL}-predictor" in str(cluster.model_pods()[0]["metadata"]["labels"])
