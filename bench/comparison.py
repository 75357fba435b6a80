"""What `bench.compare` found, as values: by server and load, with the limit of the machine. JSON both ways."""

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from pydantic import TypeAdapter

from bench.closed_loop import ClosedLoop
from bench.open_loop import OpenLoop

BENCHMARK: Final = "compare"


@dataclass(frozen=True, slots=True)
class MachineLimit:
    """What no server can pass: the matrix products of the encoder alone, on every lane at once.

    Units: `gflops` of one lane while all are busy; `parameters` without embeddings.
    """

    gflops: float
    parameters: int
    lanes: int

    @property
    def tokens_per_second(self) -> float:
        """A forward pass needs two operations for each parameter and token."""
        return self.lanes * self.gflops * 1e9 / (2 * self.parameters)


@dataclass(frozen=True, slots=True)
class Turn:
    """What was measured of one server from its start to its end, or the medians of several such turns."""

    ready_seconds: float
    """From the start of its processes to its first answer."""
    idle_cores: float
    memory_mib: float
    """The proportional set size of all its processes, after the loads."""
    closed: Mapping[str, ClosedLoop]
    """By load, `32x1`: 32 clients, one text a request."""
    open: OpenLoop
    health_ms: Sequence[float]
    """Each answer of its health route while several clients keep it busy."""
    lost: int
    """Of the requests that were in flight as it got SIGTERM."""

    @property
    def health_p99_ms(self) -> float:
        """Under load."""
        return float(np.percentile(self.health_ms, 99)) if self.health_ms else 0.0

    @property
    def errors(self) -> int:
        """Under all loads together."""
        return self.open.errors + sum(each.errors for each in self.closed.values())


@dataclass(frozen=True, slots=True)
class Comparison:
    """A whole run."""

    cpu: str
    cores: int
    rounds: int
    tokens_per_text: float
    limit: MachineLimit
    servers: Mapping[str, Turn]
    """By title, each with the medians of its turns."""
    benchmark: Literal["compare"] = BENCHMARK

    @property
    def limit_texts_per_second(self) -> float:
        """The machine's limit, in texts of this mix."""
        return self.limit.tokens_per_second / self.tokens_per_text

    @property
    def loads(self) -> tuple[str, ...]:
        """All that were run."""
        return tuple(next(iter(self.servers.values())).closed)

    @classmethod
    def from_json(cls, document: bytes) -> "Comparison":
        """The run that `as_json` wrote down."""
        return _ADAPTER.validate_json(document)

    def as_json(self) -> bytes:
        """One line."""
        return _ADAPTER.dump_json(self)


_ADAPTER = TypeAdapter(Comparison)


def clients_and_texts(load: str) -> tuple[int, int]:
    """What the name of a load says: `32x1` is 32 clients and one text a request."""
    clients, texts = load.split("x")
    return int(clients), int(texts)


def median(turns: Sequence[Turn]) -> Turn:
    """Of each figure the median; of errors and lost requests the sum; of health every answer."""
    return Turn(
        ready_seconds=_median(turns, lambda turn: turn.ready_seconds),
        idle_cores=_median(turns, lambda turn: turn.idle_cores),
        memory_mib=_median(turns, lambda turn: turn.memory_mib),
        closed={load: _median_closed([turn.closed[load] for turn in turns]) for load in turns[0].closed},
        open=OpenLoop(
            _median(turns, lambda turn: turn.open.p50_ms),
            _median(turns, lambda turn: turn.open.p99_ms),
            sum(turn.open.errors for turn in turns),
        ),
        health_ms=[milliseconds for turn in turns for milliseconds in turn.health_ms],
        lost=sum(turn.lost for turn in turns),
    )


def median_limit(limits: Sequence[MachineLimit]) -> MachineLimit:
    """Of what was measured in each round."""
    return MachineLimit(statistics.median(each.gflops for each in limits), limits[0].parameters, limits[0].lanes)


def _median(turns: Sequence[Turn], figure: Callable[[Turn], float]) -> float:
    return statistics.median(map(figure, turns))


def _median_closed(found: Sequence[ClosedLoop]) -> ClosedLoop:
    return ClosedLoop(
        requests_per_second=statistics.median(each.requests_per_second for each in found),
        p50_ms=statistics.median(each.p50_ms for each in found),
        p99_ms=statistics.median(each.p99_ms for each in found),
        cpu_ms=statistics.median(each.cpu_ms for each in found),
        errors=sum(each.errors for each in found),
    )
