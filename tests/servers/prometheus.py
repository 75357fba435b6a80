"""A real Prometheus that scrapes servers of the test, and the programs of Debian's package `prometheus`."""

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from servers.processes import answers, free_ports, program, started

from cli.backing import prometheus as prometheus_of_platform

_INSTALL = "apt-get install -y --no-install-recommends prometheus"
_SCRAPE_SECONDS = 0.5
_WAIT_SECONDS = 30

Series = tuple[Mapping[str, str], float]
"""Labels and value of one result."""


@dataclass(frozen=True)
class Prometheus:
    """One that runs."""

    url: str

    def query(self, expression: str, at: float | None = None) -> list[Series]:
        """The result of an instant query, now or at a Unix time."""
        form = {"query": expression} | ({"time": str(at)} if at is not None else {})
        answer: dict[str, Any] = httpx.post(f"{self.url}/api/v1/query", data=form, timeout=10).json()
        assert answer["status"] == "success", f"{expression}: {answer.get('error')}"
        return [(each["metric"], float(each["value"][1])) for each in answer["data"]["result"]]

    def wait(self, expression: str, is_there: Callable[[list[Series]], bool]) -> None:
        """Return once the result of the query is what is waited for."""
        end = time.monotonic() + _WAIT_SECONDS
        while not is_there(found := self.query(expression)):
            assert time.monotonic() < end, f"after {_WAIT_SECONDS} s {expression} is {found}"
            time.sleep(_SCRAPE_SECONDS / 2)


def promtool() -> str:
    """The path of the tool that checks and tests rules."""
    return program("promtool", install=_INSTALL)


@contextlib.contextmanager
def prometheus(folder: Path, targets: Mapping[str, int]) -> Iterator[Prometheus]:
    """A Prometheus over these jobs, each a loopback port with `/metrics`, all of which it has scraped."""
    own = prometheus_of_platform.Prometheus(
        folder, free_ports(1)[0], {name: [port] for name, port in targets.items()}, scrape_seconds=_SCRAPE_SECONDS
    )
    own.make()
    with started(own.program(), log=folder / "prometheus.log", is_ready=lambda: answers(own.port)):
        server = Prometheus(own.url)
        server.wait("up == 1", lambda found: len(found) == len(targets))
        yield server
