"""One turn of one server: started, asked in several ways, stopped."""

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench import bodies
from bench.closed_loop import ClosedLoop, Load, closed_loop
from bench.comparison import Turn
from bench.contenders import Contender
from bench.health import probed
from bench.open_loop import open_loop, send_times
from bench.server import Server, started


@dataclass(frozen=True, slots=True)
class Plan:
    """What each server is put through."""

    loads: Mapping[str, Load]
    open_per_second: float
    open_seconds: float
    idle_seconds: float
    in_flight: int
    """Requests that the server works on as it gets SIGTERM."""


def turn(contender: Contender, texts: Sequence[str], plan: Plan) -> Turn:
    """Takes the sum of the plan's times, and those of the server to start and stop.

    Raises:
        NotReady: the server does not come up.
    """
    closed: dict[str, ClosedLoop] = {}
    health: list[float] = []
    with (
        tempfile.TemporaryDirectory() as folder,
        started(contender, Path(folder), in_flight=plan.in_flight) as server,
    ):
        opened = open_loop(contender, texts, send_times(plan.open_per_second, plan.open_seconds))
        idle = server.tree.idle_cores(plan.idle_seconds)
        for name, load in sorted(plan.loads.items(), key=_clients):
            closed[name], answers = asked(server, texts, load, Path(folder))
            health += answers
        memory = server.tree.memory_mib()
    return Turn(server.ready_seconds, idle, memory, closed, opened, health, server.lost)


def asked(server: Server, texts: Sequence[str], load: Load, scratch: Path) -> tuple[ClosedLoop, list[float]]:
    """What came of a closed loop, and how long health answers took meanwhile if several clients kept it busy."""
    contender = server.contender
    requests = [
        bodies.http_request(contender.path, contender.body_of(group)) for group in bodies.groups(texts, load.texts)
    ]
    if load.clients == 1:
        return closed_loop(requests, contender.port, load, server.tree, scratch), []
    with probed(f"http://127.0.0.1:{contender.port}{contender.health_path}") as health:
        found = closed_loop(requests, contender.port, load, server.tree, scratch)
    return found, health


def _clients(item: tuple[str, Load]) -> int:
    """Fewest first: what many clients leave behind when they hang up would delay the others."""
    return item[1].clients
