"""Calls of V2 servers, one at a time and in several ways by turns: the median time, and what each costs the server."""

import statistics
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle, islice
from typing import Protocol

from bench.usage import ProcessTree
from summit_inference.tensors import InferRequest

TOKENS, MIB = "one text's tokens", "1 MiB of FP32"
REST, GRPC, SDK = "V2 REST binary", "gRPC", "KServe SDK's REST binary"
PREDICTOR, BARE_FORWARD = "one text: the predictor, V2 REST binary", "one text: the bare forward, no server"

_LEAST_CALLS = 3


class Caller(Protocol):
    """A client."""

    async def infer(self, request: InferRequest) -> object:
        """The answer."""


@dataclass(frozen=True, slots=True)
class Way:
    """One client of one server, and what it asks for in turn."""

    caller: Caller
    tree: ProcessTree
    """The server's."""
    requests: Sequence[InferRequest]


@dataclass(frozen=True, slots=True)
class Cost:
    """What a call takes, and the server's CPU time for it."""

    p50_ms: float
    server_cpu_ms: float


async def costs(ways: Mapping[str, Way], rounds: int, calls: int) -> dict[str, Cost]:
    """Of each way, by its name. One more round comes first and does not count: connections, caches."""
    times: dict[str, list[float]] = {name: [] for name in ways}
    cpu: dict[str, list[float]] = {name: [] for name in ways}
    for at in range(rounds + 1):
        for name, way in ways.items():
            before = way.tree.cpu_seconds()
            taken = await _times(way, calls)
            if at:
                times[name] += taken
                cpu[name].append((way.tree.cpu_seconds() - before) / len(taken))
    return {name: Cost(statistics.median(times[name]) * 1000, statistics.median(cpu[name]) * 1000) for name in ways}


async def _times(way: Way, calls: int) -> list[float]:
    """At least three calls, at most `calls`, and none that begins after a second. Units: seconds."""
    times: list[float] = []
    for request in islice(cycle(way.requests), calls):
        if len(times) >= _LEAST_CALLS and sum(times) > 1:
            break
        started = time.perf_counter()
        await way.caller.infer(request)
        times.append(time.perf_counter() - started)
    return times
