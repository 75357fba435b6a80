"""A fixed number of clients, each of which asks again as soon as it is answered: Debian's `wrk`."""

import json
import shutil
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench import bodies
from bench.usage import ProcessTree
from summit_inference.errors import ConfigurationError

_SCRIPT = Path(__file__).parent / "wrk.lua"
_TIMEOUT_SECONDS = 60
_SETTLED = 0.3


@dataclass(frozen=True, slots=True)
class Load:
    """How a server is asked."""

    clients: int
    texts: int
    """In each request."""
    seconds: int

    @property
    def settle_seconds(self) -> float:
        """At the start, which do not count for rate and CPU time: until queues are full."""
        return self.seconds * _SETTLED


@dataclass(frozen=True, slots=True)
class ClosedLoop:
    """What came of it.

    Units: `cpu_ms` of all the server's processes, for each request.
    """

    requests_per_second: float
    p50_ms: float
    p99_ms: float
    cpu_ms: float
    errors: int


def wrk() -> str:
    """The program.

    Raises:
        ConfigurationError: it is not installed.
    """
    found = shutil.which("wrk")
    if found is None:
        raise ConfigurationError("wrk is missing; install it with: apt-get install -y --no-install-recommends wrk")
    return found


def closed_loop(requests: Sequence[bytes], port: int, load: Load, tree: ProcessTree, scratch: Path) -> ClosedLoop:
    """Ask for `load.seconds`."""
    file = scratch / "requests.bin"
    bodies.write(requests, file)
    command = [wrk(), "-t1", f"-c{load.clients}", f"-d{load.seconds}s", f"--timeout={_TIMEOUT_SECONDS}s"]
    command += ["-s", str(_SCRIPT), f"http://127.0.0.1:{port}", "--", str(file), f"{load.settle_seconds:g}"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running:
        time.sleep(load.settle_seconds)
        before, at = tree.cpu_seconds(), time.monotonic()
        output, _ = running.communicate()
        cores = (tree.cpu_seconds() - before) / (time.monotonic() - at)
    return closed_loop_of(output, load, cores)


def closed_loop_of(output: str, load: Load, cores: float) -> ClosedLoop:
    """What `wrk` printed, with the `cores` that the server was busy with meanwhile."""
    found = json.loads(output.splitlines()[-1])
    if load.clients == 1:  # by the mean of its answers, of which few fit into the time
        rate = 1000 / found["mean_ms"] if found["answered"] else 0.0
    else:
        rate = found["settled"] / (found["seconds"] - load.settle_seconds)
    cpu_ms = cores / rate * 1000 if rate else 0.0
    return ClosedLoop(rate, found["p50_ms"], found["p99_ms"], cpu_ms, found["errors"])
