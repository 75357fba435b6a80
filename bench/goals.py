"""What the servers are to reach, beside what one run of all benchmarks measured. Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bench.calls import BARE_FORWARD, MIB, PREDICTOR, REST, SDK, TOKENS
from bench.comparison import Comparison, Turn
from bench.contenders import AS_IT_SHIPS, OURS, WITH_OUR_FORWARD

_BUSY = "32x1"


@dataclass(frozen=True, slots=True)
class Goal:
    """One figure of ours, and the bound that it is to keep."""

    what: str
    unit: str
    figure: float
    bound: float
    peers: str = ""
    """The best of the others in the same run, where they have this figure."""
    is_least: bool = field(default=False, kw_only=True)
    """The bound is a least one, not a most."""

    @property
    def is_met(self) -> bool:
        """At the precision that is printed."""
        figure = round(self.figure, 2)
        return figure >= self.bound if self.is_least else figure <= self.bound

    def row(self) -> dict[str, str | float]:
        """For a table."""
        sign = "≥" if self.is_least else "≤"
        return {
            "what": self.what,
            "ours": f"{self.figure:.2f}{self.unit}",
            "goal": f"{sign} {self.bound:g}{self.unit}",
            "met": "yes" if self.is_met else "no",
            "the others": self.peers,
        }


@dataclass(frozen=True, slots=True)
class Results:
    """The documents of the four benchmarks."""

    run: Comparison
    quick: Mapping[str, Any]
    hop: Mapping[str, Any]
    cold_start: Mapping[str, Any]


def goals(found: Results) -> list[Goal]:
    """All that are measured here."""
    return [*_throughput(found), *_life(found.run), *_wire(found), *_start(found)]


def _throughput(found: Results) -> list[Goal]:
    run, ours = found.run, found.run.servers[OURS].closed[_BUSY]
    shipped, inside = (_best_rate(run, ending) for ending in (AS_IT_SHIPS, WITH_OUR_FORWARD))
    over_shipped, over_inside = (ours.requests_per_second / best[1] for best in (shipped, inside))
    cpu = _least(run, lambda turn: turn.closed[_BUSY].cpu_ms, " ms")
    efficiency = found.quick["server_efficiency"]
    return [
        Goal("32 clients: over the best as it ships", "x", over_shipped, 3.1, _said(shipped, " req/s"), is_least=True),
        Goal("32 clients: over the best with our forward", "x", over_inside, 1, _said(inside, " req/s"), is_least=True),
        Goal("CPU time a request", " ms", ours.cpu_ms, 13, cpu),
        Goal("server efficiency", "", efficiency, 0.85, is_least=True),
    ]


def _life(run: Comparison) -> list[Goal]:
    ours = run.servers[OURS]
    memory = _least(run, lambda turn: turn.memory_mib, " MiB")
    health = _least(run, lambda turn: turn.health_p99_ms, " ms")
    return [
        Goal("memory (PSS), two lanes", " MiB", ours.memory_mib, 650, memory),
        Goal("idle CPU", " cores", ours.idle_cores, 0, _least(run, lambda turn: turn.idle_cores, " cores")),
        Goal("health p99 under load", " ms", ours.health_p99_ms, 20, health),
        Goal("lost of 24 in flight at SIGTERM", "", ours.lost, 0, _least(run, lambda turn: turn.lost, "")),
    ]


def _wire(found: Results) -> list[Goal]:
    p50 = {row["what"]: row["p50 ms"] for row in found.hop["rows"]}
    tokens, mib = (f"KServe SDK {p50[f'{what}: {SDK}']:.2f} ms" for what in (TOKENS, MIB))
    over = p50[PREDICTOR] - p50[BARE_FORWARD]
    return [
        Goal("one call of the predictor, over the bare forward", " ms", over, 1.5),
        Goal("hop of one text's tokens", " ms", p50[f"{TOKENS}: {REST}"], 1, tokens),
        Goal("1 MiB of FP32 there and back", " ms", p50[f"{MIB}: {REST}"], 3, mib),
    ]


def _start(found: Results) -> list[Goal]:
    ready = found.run.servers[OURS].ready_seconds
    return [
        Goal("start to ready", " s", ready, 4.5, _least(found.run, lambda turn: turn.ready_seconds, " s")),
        Goal("predictor's start over imports and load alone", "x", found.cold_start["ratio"], 1.3),
    ]


def _best_rate(run: Comparison, ending: str) -> tuple[str, float]:
    rates = {title: turn.closed[_BUSY].requests_per_second for title, turn in run.servers.items()}
    return max(((title, rate) for title, rate in rates.items() if title.endswith(ending)), key=lambda item: item[1])


def _least(run: Comparison, figure: Callable[[Turn], float], unit: str) -> str:
    found = [(title, figure(turn)) for title, turn in run.servers.items() if title != OURS]
    return _said(min(found, key=lambda item: item[1]), unit)


def _said(best: tuple[str, float], unit: str) -> str:
    return f"{best[1]:.2f}{unit} ({best[0]})"


def rows(found: Sequence[Goal]) -> list[dict[str, str | float]]:
    """For a table."""
    return [goal.row() for goal in found]
