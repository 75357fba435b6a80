"""Invented results of a comparison."""

from collections.abc import Sequence

from bench.closed_loop import ClosedLoop
from bench.comparison import Comparison, MachineLimit, Turn
from bench.contenders import OURS
from bench.open_loop import OpenLoop

LIMIT = MachineLimit(gflops=50.0, parameters=10_000_000, lanes=2)


def turn(rate: float, *, health_ms: Sequence[float] = (1.0,), lost: int = 0, errors: int = 0) -> Turn:
    """Of a server that answers so many requests a second."""
    found = ClosedLoop(rate, 1000 / rate, 2000 / rate, 2000 / rate, errors)
    return Turn(
        ready_seconds=100 / rate,
        idle_cores=0.01,
        memory_mib=10 * rate,
        closed={"32x1": found, "1x32": found},
        open=OpenLoop(10.0, 20.0, errors),
        health_ms=list(health_ms),
        lost=lost,
    )


def comparison(**rates: float) -> Comparison:
    """Ours at 100 requests a second beside these."""
    servers = {OURS: turn(100.0)} | {name: turn(rate) for name, rate in rates.items()}
    return Comparison("a CPU", 2, 3, 20.0, LIMIT, servers)
