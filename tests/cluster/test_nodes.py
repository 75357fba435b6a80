"""A node is drained and nobody notices; a GPU pod goes where GPUs are, and nowhere else."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator

import pytest
from kube.cluster import MODEL, Cluster, until
from kube.front_door import Gateway

pytestmark = pytest.mark.cluster
_FAKE_GPU = "nvidia.com/gpu"


def _workers(cluster: Cluster) -> list[str]:
    nodes = cluster.items("nodes")
    return [
        node["metadata"]["name"]
        for node in nodes
        if not any(taint["effect"] == "NoSchedule" for taint in node["spec"].get("taints", ()))
    ]


@pytest.fixture
def drained(cluster: Cluster) -> Iterator[str]:
    """The node of one gateway; it takes pods again afterwards."""
    if len(_workers(cluster)) < 2:
        pytest.fail("a drain needs two nodes that take pods; kind-cluster/cluster.yaml has them", pytrace=False)
    node = cluster.items("pods", "-l", "app.kubernetes.io/name=gateway")[0]["spec"]["nodeName"]
    yield node
    cluster.run("uncordon", node)


def test_a_drain_fails_no_request(cluster: Cluster, gateway: Gateway, drained: str) -> None:
    if not gateway.url.startswith("http://127.0.0.1"):
        url = gateway.url
    else:  # a port-forward dies with its pod: ask from inside, by the Service
        url = "http://gateway.summit.svc.cluster.local:8000"
    load = _load_inside(cluster, url, gateway.token) if url != gateway.url else _load_here(url, gateway.token)
    drain = cluster.run(
        "drain", drained, "--ignore-daemonsets", "--delete-emptydir-data", "--timeout=600s", check=False, seconds=660
    )
    summary = json.loads(load.communicate(timeout=900)[0].strip().splitlines()[-1])
    assert drain.returncode == 0, drain.stderr
    assert summary["failed"] == 0, summary
    assert summary["answered"] > 100


def _load_here(url: str, token: str) -> "subprocess.Popen[str]":
    environment = {**os.environ, "TOKEN": token, "URL": url}  # noqa: TID251
    return subprocess.Popen([sys.executable, "-c", _ASKING], stdout=subprocess.PIPE, text=True, env=environment)


_ASKING = """
import json, os, time, urllib.request
answered = failed = 0
deadline = time.monotonic() + 240
while time.monotonic() < deadline:
    request = urllib.request.Request(os.environ["URL"] + "/extract", b'{"text": "Angela Merkel was in Berlin."}', {
        "content-type": "application/json", "authorization": "Bearer " + os.environ["TOKEN"], "connection": "close"})
    try:
        with urllib.request.urlopen(request, timeout=30) as response:
            answered += response.status == 200
    except OSError:
        failed += 1
    time.sleep(0.1)
print(json.dumps({"answered": answered, "failed": failed}))
"""


def _load_inside(cluster: Cluster, url: str, token: str) -> "subprocess.Popen[str]":
    """From a pod that may call the gateway as chunks do, on a node that stays."""
    image = cluster.get("deployment", "gateway")["spec"]["template"]["spec"]["containers"][0]["image"]
    spec = {
        "securityContext": {"runAsNonRoot": True, "runAsUser": 65532, "seccompProfile": {"type": "RuntimeDefault"}},
        "automountServiceAccountToken": False,
        "containers": [
            {
                "name": "asking",
                "image": image,
                "command": ["python", "-c", _ASKING],
                "env": [{"name": "URL", "value": url}, {"name": "TOKEN", "value": token}],
                "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
            }
        ],
    }
    command = [cluster.kubectl, "-n", cluster.namespace, "run", "asking", "--rm", "-i", "--restart=Never"]
    command += [
        f"--image={image}",
        "--labels=app.kubernetes.io/name=eventing",
        f"--overrides={json.dumps({'spec': spec})}",
    ]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


@pytest.fixture
def gpu_node(cluster: Cluster) -> Iterator[str]:
    """A node with a GPU: one that is labelled for it, else a worker that is told to say so, and has none."""
    labelled = [n["metadata"]["name"] for n in cluster.items("nodes", "-l", "nvidia.com/gpu.present=true")]
    if labelled:
        yield labelled[0]
        return
    node = _workers(cluster)[0]
    patch = json.dumps([{"op": "add", "path": "/status/capacity/nvidia.com~1gpu", "value": "1"}])
    cluster.run("patch", "node", node, "--subresource=status", "--type=json", "-p", patch)
    cluster.run("taint", "node", node, "accelerator=gpu:NoSchedule", "--overwrite")
    until(lambda: _has_gpu(cluster, node), "the node offers a GPU", 120)
    yield node
    cluster.run("taint", "node", node, "accelerator-", check=False)
    remove = json.dumps([{"op": "remove", "path": "/status/capacity/nvidia.com~1gpu"}])
    cluster.run("patch", "node", node, "--subresource=status", "--type=json", "-p", remove, check=False)


def _has_gpu(cluster: Cluster, node: str) -> bool | None:
    return True if cluster.get("node", node)["status"]["allocatable"].get(_FAKE_GPU, "0") != "0" else None


def test_a_gpu_pod_goes_to_the_node_with_a_gpu_and_others_do_not(cluster: Cluster, gpu_node: str) -> None:
    with_gpu = _scheduled(cluster, "with-gpu", needs_gpu=True)
    assert with_gpu == gpu_node
    assert _scheduled(cluster, "without-gpu", needs_gpu=False) != gpu_node


def _scheduled(cluster: Cluster, name: str, *, needs_gpu: bool) -> str:
    """The node of a pod that asks as the model's pod does; whether its image can be had does not matter."""
    limits = {"cpu": "10m", "memory": "16Mi", **({_FAKE_GPU: "1"} if needs_gpu else {})}
    locked = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
    spec = {
        "securityContext": {"runAsNonRoot": True, "runAsUser": 65532, "seccompProfile": {"type": "RuntimeDefault"}},
        "containers": [
            {
                "name": name,
                "image": "registry.k8s.io/pause:3.10",
                "resources": {"limits": limits},
                "securityContext": locked,
            }
        ],
        "tolerations": [{"key": "accelerator", "operator": "Equal", "value": "gpu", "effect": "NoSchedule"}]
        if needs_gpu
        else [],
    }
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": spec}
    cluster.run("apply", "-f", "-", text=json.dumps(pod))
    try:
        return str(until(lambda: cluster.get("pod", name)["spec"].get("nodeName"), f"{name} has a node", 120))
    finally:
        cluster.run("delete", "pod", name, "--grace-period=0", "--force", check=False)


def test_the_model_s_pod_asks_for_what_the_overlay_says(cluster: Cluster) -> None:
    service = cluster.get("inferenceservice", MODEL)["spec"]["predictor"]
    runtime = cluster.get("clusterservingruntime", service["model"]["runtime"])["spec"]
    asked = runtime["containers"][0]["resources"]["limits"]
    pods = cluster.model_pods()
    assert pods, "the model has no pod; ask it something first"
    (container,) = (each for each in pods[0]["spec"]["containers"] if each["name"] == "kserve-container")
    assert container["resources"]["limits"] == asked
