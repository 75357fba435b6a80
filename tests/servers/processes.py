"""Real servers as processes of a test run: a free port, a wait for readiness, and an end that leaves nothing behind."""

import contextlib
import itertools
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from serving.supervisor import Program

_POLL_SECONDS = 0.05
_START_SECONDS = 90
_STOP_SECONDS = 3  # no server here has anything to save
_LOG_TAIL_CHARACTERS = 4000
_PORTS = range(20_000, 32_700)  # the platform's own are below, see `platform.free_offset`


def share() -> tuple[int, int]:
    """Which of how many test processes this is, from 0, as pytest-xdist says."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0")  # noqa: TID251
    return int(worker.removeprefix("gw")), int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))  # noqa: TID251


def _ports() -> Iterator[int]:
    """Those of this test process, over and over: below those that the kernel gives away, apart from its siblings'."""
    at, processes = share()
    mine = _PORTS[at::processes]
    start = os.getpid() % len(mine)  # two runs at once begin in different places
    return itertools.cycle((*mine[start:], *mine[:start]))


_next_ports = _ports()


def free_ports(count: int) -> list[int]:
    """Loopback ports that nobody listens on, all different, and not given again soon."""
    return list(itertools.islice(filter(is_free, _next_ports), count))


def is_free(port: int) -> bool:
    """Whether a server of this machine could listen on it now."""
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def program(name: str, *, install: str, folders: Sequence[str] = ()) -> str:
    """The path of a program, from `folders`, this environment or PATH; without it the test fails with `install`."""
    here = os.pathsep.join((*folders, str(Path(sys.executable).parent)))
    found = shutil.which(name, path=here) or shutil.which(name)
    if found is None:
        pytest.fail(f"{name} is missing; install it with: {install}", pytrace=False)
    return found


@contextlib.contextmanager
def running(
    command: Sequence[str],
    *,
    log: Path,
    is_ready: Callable[[], bool],
    environment: Mapping[str, str] | None = None,
    user: str | None = None,
) -> Iterator[subprocess.Popen[bytes]]:
    """The process, once it is ready and until the block ends; then its whole group is stopped.

    It runs in the folder of its log, and `environment` is added to this process's own. One that ends, or is not ready
    in time, fails the test with the end of its log.
    """
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            stdout=output,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            env={**os.environ, **(environment or {})},  # noqa: TID251 - a child needs PATH
            user=user,
            group=user,
            cwd=log.parent,
        )
    try:
        _wait(process, is_ready, log)
        yield process
    finally:
        stop(process)


def started(
    program: Program, *, log: Path, is_ready: Callable[[], bool]
) -> contextlib.AbstractContextManager[subprocess.Popen[bytes]]:
    """The program as the platform's process manager would start it, and as `running` ends it."""
    user = program.user or None
    return running(program.command, log=log, is_ready=is_ready, environment=program.environment, user=user)


def stop(process: subprocess.Popen[bytes]) -> None:
    """End the process and all that it started: politely first."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_STOP_SECONDS)
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def answers(port: int) -> bool:
    """Whether something listens on the loopback port."""
    with socket.socket() as one:
        one.settimeout(1)
        return one.connect_ex(("127.0.0.1", port)) == 0


def _wait(process: subprocess.Popen[bytes], is_ready: Callable[[], bool], log: Path) -> None:
    end = time.monotonic() + _START_SECONDS
    while not is_ready():
        reason = None
        if process.poll() is not None:
            reason = f"ended with status {process.returncode}"
        elif time.monotonic() > end:
            reason = f"was not ready after {_START_SECONDS} s"
        if reason is not None:
            tail = log.read_text(errors="replace")[-_LOG_TAIL_CHARACTERS:]
            pytest.fail(f"the server {reason}; {log} ends with:\n{tail}", pytrace=False)
        time.sleep(_POLL_SECONDS)
