"""A job comes by an event through the real broker, and is whole although the pod that works on it is killed."""

import json
import uuid
from typing import Any

import pytest
from kube.cluster import Cluster, until
from kube.front_door import Gateway

pytestmark = pytest.mark.cluster
_DOCUMENTS = 600


def _publish(cluster: Cluster, event: dict[str, Any]) -> None:
    """Into RabbitMQ's queue by its management API, from a pod that may speak to it."""
    program = (
        "import json, os, sys, httpx\n"
        "body = {'properties': {'delivery_mode': 2, 'content_type': 'application/cloudevents+json'},\n"
        "        'routing_key': 'summit-events', 'payload': sys.stdin.read(), 'payload_encoding': 'string'}\n"
        "answer = httpx.post(os.environ['URI'].rstrip('/') + '/api/exchanges/%2F/amq.default/publish', json=body,\n"
        "                    auth=(os.environ['USERNAME'], os.environ['PASSWORD']))\n"
        "answer.raise_for_status()\n"
        "assert answer.json()['routed']\n"
    )
    job = cluster.get("job", "rabbitmq-queues")["spec"]["template"]["spec"]
    job["containers"][0] |= {"command": ["python", "-c", program], "stdin": True, "stdinOnce": True}
    job |= {"restartPolicy": "Never"}
    overrides = json.dumps({"apiVersion": "v1", "spec": job})
    name = f"publish-{uuid.uuid4().hex[:6]}"
    cluster.run(
        *("run", name, "--rm", "-i", "--restart=Never", f"--image={job['containers'][0]['image']}"),
        *("--labels=app.kubernetes.io/name=rabbitmq-queues", f"--overrides={overrides}"),
        text=json.dumps(event),
        seconds=180,
    )


@pytest.mark.usefixtures("warm")
def test_a_job_by_event_is_whole_although_its_pod_is_killed(cluster: Cluster, gateway: Gateway) -> None:
    job_id = f"cluster-{uuid.uuid4().hex[:8]}"
    documents = [{"id": str(at), "text": f"Angela Merkel was in Berlin on day {at}."} for at in range(_DOCUMENTS)]
    event = {
        "specversion": "1.0",
        "id": job_id,
        "source": "/tests/cluster",
        "type": "ai.summit.extraction.requested.v1",
        "datacontenttype": "application/json",
        "data": {"job_id": job_id, "documents": documents},
    }
    _publish(cluster, event)
    with gateway.client() as client:
        until(lambda: _begun(client.get(f"/jobs/{job_id}")), "the job has begun", 300)
        cluster.run(
            "delete", "pod", "-l", "app.kubernetes.io/name=eventing", "--grace-period=0", "--force", "--wait=false"
        )
        job = until(lambda: _over(client.get(f"/jobs/{job_id}")), "the job is over", 900)
    assert job["state"] == "completed", job
    assert (job["counts"]["done"], job["counts"]["failed"]) == (_DOCUMENTS, 0)
    assert job["manifest"]["sha256"]


def _begun(response: Any) -> Any:
    return response.json() if response.status_code == 200 else None


def _over(response: Any) -> Any:
    job = _begun(response)
    return job if job and job["state"] in {"completed", "failed", "cancelled"} else None
