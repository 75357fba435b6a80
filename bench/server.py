"""A server as processes: started, waited for until it answers, stopped with requests in flight, and gone."""

import asyncio
import contextlib
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import aiohttp
import psutil

from bench.contenders import Contender, Process
from bench.usage import ProcessTree

_READY_SECONDS, _ANSWER_SECONDS, _END_SECONDS, _POLL_SECONDS = 120, 30, 8, 0.05
_IN_FLIGHT_SECONDS = 0.15
_LOG_TAIL_CHARACTERS = 3_000
_OK = 200


class NotReady(Exception):
    """A server ended, or did not answer in time; the text has the end of its log."""


@dataclass
class Server:
    """A server that answers."""

    contender: Contender
    tree: ProcessTree
    ready_seconds: float = 0.0
    """From the start of its processes to its first answer."""
    lost: int = 0
    """Of the requests that were in flight as it was told to stop; known once it has."""


@contextlib.contextmanager
def started(contender: Contender, scratch: Path, *, in_flight: int = 0) -> Iterator[Server]:
    """The server, until the block ends; then it gets SIGTERM while it works on `in_flight` requests.

    Raises:
        NotReady: it does not come up.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # a benchmark that is told to end ends its servers
    log, begin = scratch / "server.log", time.monotonic()
    with log.open("wb") as output:
        processes = [_start(process, scratch, output) for process in contender.processes]
        server = Server(contender, ProcessTree([process.pid for process in processes]))
        try:
            if not asyncio.run(_answers(contender, processes)):
                tail = log.read_text(encoding="utf-8", errors="replace")[-_LOG_TAIL_CHARACTERS:]
                raise NotReady(f"{contender.title} does not answer; its log ends with:\n{tail}")
            server.ready_seconds = time.monotonic() - begin
            yield server
        finally:
            family = server.tree.processes()
            try:
                server.lost = asyncio.run(_stop(contender, processes, in_flight if server.ready_seconds else 0))
            finally:  # an interrupt while it stops must not leave it
                _end(contender, family)


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


def _start(process: Process, folder: Path, output: IO[bytes]) -> subprocess.Popen[bytes]:
    variables = [f"{name}={value}" for name, value in process.environment.items()]
    return subprocess.Popen(
        ["/usr/bin/env", *variables, *process.command],
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        cwd=folder,
        start_new_session=True,
    )


async def _answers(contender: Contender, processes: Sequence[subprocess.Popen[bytes]]) -> bool:
    end = time.monotonic() + _READY_SECONDS
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10)) as session:
        while await answer(session, contender, "Ada Lovelace lived in London.") != _OK:
            if time.monotonic() > end or any(process.poll() is not None for process in processes):
                return False
            await asyncio.sleep(_POLL_SECONDS)
    return True


async def _stop(contender: Contender, processes: Sequence[subprocess.Popen[bytes]], in_flight: int) -> int:
    """How many of the requests in flight had no answer."""
    text = "The minister of France met the director of Siemens in Berlin. " * 3
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_ANSWER_SECONDS)) as session:
        asked = [asyncio.create_task(answer(session, contender, text)) for _ in range(in_flight)]
        await asyncio.sleep(_IN_FLIGHT_SECONDS if in_flight else 0)
        for process in processes:
            process.send_signal(signal.SIGTERM)
        return sum(status != _OK for status in await asyncio.gather(*asked))


def _end(contender: Contender, family: Sequence[psutil.Process]) -> None:
    """Wait for the end of the process family, and make it come."""
    _, alive = psutil.wait_procs(family, timeout=_END_SECONDS)
    for process in alive:
        sys.stderr.write(f"{contender.title}: killed {process.pid}, which did not stop\n")
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(alive)
