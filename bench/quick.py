"""Our two servers alone, through the transformer's V2 REST, against the same forward pass without any server.

    python -m bench.quick [--rounds 3] [--seconds 4]

Server and bare forward take turns, since machines drift; medians count. A table goes to stderr; the last line
of stdout is a JSON document with `server_efficiency`: requests a second of 32 clients, over the texts a second that the
same weights, texts, lanes and cores give in one process.
"""

import argparse
import json
import statistics
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

from bench import table
from bench.closed_loop import ClosedLoop, Load, wrk
from bench.contenders import LANES, ours
from bench.environments import CACHE
from bench.in_process import InProcess
from bench.model_directory import shipped
from bench.server import NotReady, started
from bench.texts import texts as benchmark_texts
from bench.turn import asked
from summit_inference.errors import ConfigurationError


@dataclass(frozen=True, slots=True)
class Quick:
    """What is printed."""

    server_efficiency: float
    requests_per_second: float
    in_process_texts_per_second: float
    p50_ms: float
    p99_ms: float
    cpu_ms: float
    """All of 32 clients; CPU time of both servers for each request."""
    alone_p50_ms: float
    """Of one client."""
    forward_p50_ms: float
    """Of one text in the bare forward."""
    memory_mib: float
    idle_cores: float
    ready_seconds: float
    errors: int


def main(given: argparse.Namespace) -> None:
    """Run and print."""
    wrk()
    model_directory = given.model_directory or shipped(given.cache_directory)
    found = measured(model_directory, given.rounds, given.seconds)
    rows = [{"figure": name.replace("_", " "), "value": value} for name, value in asdict(found).items()]
    sys.stderr.write(f"{table.flat(rows)}\n")
    sys.stdout.write(json.dumps({"benchmark": "quick", **asdict(found), "rows": rows}) + "\n")


def measured(model_directory: Path, rounds: int, seconds: int) -> Quick:
    """Takes `rounds` times 2.5 `seconds`, and some ten to start."""
    texts = benchmark_texts()
    busy, alone = Load(32, 1, seconds), Load(1, 1, max(1, seconds // 2))
    with tempfile.TemporaryDirectory() as folder, started(ours(model_directory), Path(folder)) as server:
        limit = InProcess(model_directory, texts, LANES)
        rates, forwards, loaded, single = [], [], [], []
        for _ in range(rounds):
            rates.append(limit.texts_per_second(seconds))
            loaded.append(asked(server, texts, busy, Path(folder))[0])
            forwards.append(limit.p50_ms_alone())
            single.append(asked(server, texts, alone, Path(folder))[0])
        memory, idle = server.tree.memory_mib(), server.tree.idle_cores(1)
    return _quick(rates, loaded, single, statistics.median(forwards), (memory, idle, server.ready_seconds))


def _quick(
    rates: list[float],
    loaded: list[ClosedLoop],
    single: list[ClosedLoop],
    forward_p50_ms: float,
    life: tuple[float, float, float],
) -> Quick:
    pairs = zip(loaded, rates, strict=True)
    return Quick(
        statistics.median(found.requests_per_second / rate for found, rate in pairs),
        statistics.median(found.requests_per_second for found in loaded),
        statistics.median(rates),
        statistics.median(found.p50_ms for found in loaded),
        statistics.median(found.p99_ms for found in loaded),
        statistics.median(found.cpu_ms for found in loaded),
        statistics.median(found.p50_ms for found in single),
        forward_p50_ms,
        *life,
        errors=sum(found.errors for found in [*loaded, *single]),
    )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=4, help="of 32 clients, and of the bare forward, a round")
    parser.add_argument("--model-directory", type=Path, help="instead of the newest shipped version")
    parser.add_argument("--cache-directory", type=Path, default=CACHE, help="where that is merged")
    return parser.parse_args()


if __name__ == "__main__":
    try:
        main(_arguments())
    except (ConfigurationError, NotReady) as fault:
        sys.exit(f"error: {fault}")
