"""A Ray cluster of the test run's own: one node on loopback, whose dashboard takes jobs for a token."""

import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from servers.processes import free_ports, program, running

_INSTALL = "pip install 'ray[data,default]'"
_OBJECT_STORE_BYTES = 100_000_000
TOKEN = "a-token-of-the-tests-with-more-than-32-characters"  # noqa: S105 - of a cluster that lives for one test run
_AUTHORIZATION = {"authorization": f"Bearer {TOKEN}"}


@dataclass(frozen=True)
class RayHead:
    """A node that runs."""

    url: str

    def is_ready(self) -> bool:
        """Whether it takes jobs."""
        try:
            return httpx.get(f"{self.url}/api/jobs/", headers=_AUTHORIZATION, timeout=5).is_success
        except httpx.TransportError:
            return False

    def job(self, submission_id: str) -> dict[str, Any] | None:
        """What it says of a submission, if it has it."""
        answer = httpx.get(f"{self.url}/api/jobs/{submission_id}", headers=_AUTHORIZATION, timeout=30)
        return answer.json() if answer.is_success else None

    def kill_driver(self, submission_id: str) -> None:
        """End the submission's driver at once."""
        job = self.job(submission_id)
        assert job, f"{submission_id} is not there"
        os.kill(int(job["driver_info"]["pid"]), signal.SIGKILL)


@contextmanager
def ray_head(folder: Path, *, cpus: int, environment: Mapping[str, str]) -> Iterator[RayHead]:
    """A node with so many cores to give away."""
    ray = program("ray", install=_INSTALL)
    gcs, dashboard, client, agent = free_ports(4)
    head = RayHead(f"http://127.0.0.1:{dashboard}")
    scratch = tempfile.mkdtemp(prefix="ray-")  # sockets below it have paths of 107 bytes at most
    command = [
        *(ray, "start", "--head", "--block", "--disable-usage-stats", "--node-ip-address=127.0.0.1"),
        *(f"--num-cpus={cpus}", f"--port={gcs}", f"--dashboard-port={dashboard}", f"--ray-client-server-port={client}"),
        *(f"--dashboard-agent-listen-port={agent}", f"--object-store-memory={_OBJECT_STORE_BYTES}"),
        f"--temp-dir={scratch}",
    ]
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.defpath}"  # the driver is `python` in a shell
    own = {"PATH": path, "RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": TOKEN}
    try:
        with running(command, log=folder / "ray.log", is_ready=head.is_ready, environment={**own, **environment}):
            yield head
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
