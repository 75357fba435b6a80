"""A server as processes: started, waited for until it answers, stopped with requests in flight, and gone."""

import asyncio
import contextlib
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import psutil

from bench.contenders import Contender
from bench.usage import ProcessTree

_READY_SECONDS, _STOP_SECONDS, _POLL_SECONDS = 120, 30, 0.05
_IN_FLIGHT_SECONDS = 0.15
_LOG_TAIL_CHARACTERS = 3_000


class NotReady(Exception):
    """A server ended, or did not answer in time; the text has the end of its log."""


@dataclass
class Running:
    """A server that answers."""

    contender: Contender
    tree: ProcessTree
    ready_seconds: float
    """From the start of its processes to its first answer."""
    lost: int | None = field(default=None)
    """Of the requests that were in flight as it was told to stop; None until then."""


@contextlib.contextmanager
def running(contender: Contender, scratch: Path, *, in_flight: int = 0) -> Iterator[Running]:
    """The server, until the block ends; then it gets SIGTERM while it works on `in_flight` requests."""
    log = scratch / "server.log"
    started = time.monotonic()
    with contextlib.ExitStack() as stack:
        output = stack.enter_context(log.open("wb"))
        processes = [_start(process.command, process.environment, scratch, output) for process in contender.processes]
        server = Running(contender, ProcessTree([process.pid for process in processes]), 0.0)
        try:
            asyncio.run(_answering(contender, processes, log))
            server.ready_seconds = time.monotonic() - started
            yield server
            server.lost = asyncio.run(_stopped(server, processes, in_flight))
        finally:
            _end(server, processes)


def _start(command, environment, scratch, output) -> subprocess.Popen[bytes]:  # type: ignore[no-untyped-def]
    variables = [f"{name}={value}" for name, value in environment.items()]
    return subprocess.Popen(
        ["env", *variables, *command],
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        cwd=scratch,
        start_new_session=True,
    )


async def _answering(contender: Contender, processes: list[subprocess.Popen[bytes]], log: Path) -> None:
    end = time.monotonic() + _READY_SECONDS
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10)) as session:
        while await answer(session, contender, "Ada Lovelace lived in London.") != 200:  # noqa: PLR2004
            if time.monotonic() > end or any(process.poll() is not None for process in processes):
                tail = log.read_text(errors="replace")[-_LOG_TAIL_CHARACTERS:]
                raise NotReady(f"{contender.title} does not answer; its log ends with:\n{tail}")
            await asyncio.sleep(_POLL_SECONDS)


async def answer(session: aiohttp.ClientSession, contender: Contender, *texts: str) -> int:
    """The status of the server's answer to these texts; 0: none."""
    content, headers = contender.body_of(texts)
    url = f"http://127.0.0.1:{contender.port}{contender.path}"
    try:
        async with session.post(url, data=content, headers=headers) as response:
            await response.read()
            return response.status
    except (aiohttp.ClientError, TimeoutError):
        return 0


async def _stopped(server: Running, processes: list[subprocess.Popen[bytes]], in_flight: int) -> int:
    text = "The minister of France met the director of Siemens in Berlin. " * 3
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_STOP_SECONDS)) as session:
        asked = [asyncio.create_task(answer(session, server.contender, text)) for _ in range(in_flight)]
        await asyncio.sleep(_IN_FLIGHT_SECONDS if in_flight else 0)
        for process in processes:
            process.send_signal(signal.SIGTERM)
        return sum(status != 200 for status in await asyncio.gather(*asked))  # noqa: PLR2004


def _end(server: Running, processes: list[subprocess.Popen[bytes]]) -> None:
    """Wait for the end, and make it come."""
    family = server.tree.processes()
    for process in processes:
        process.terminate()
    _, alive = psutil.wait_procs(family, timeout=_STOP_SECONDS)
    for process in alive:
        sys.stderr.write(f"{server.contender.title}: killed {process.pid}, which did not stop\n")
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    for process in processes:
        process.wait()
