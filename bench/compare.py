"""Our servers beside those of other projects, on this machine, now.

    python -m bench.compare [--rounds 3] [--seconds 5] [--loads 1x1 1x32 32x1] [--only NAME …]

Every server in turn, in every round: the same weights, tokenizer and texts, one thread of the matrix library a worker;
peers both as they ship (batches of 16 in order of arrival, padded) and with our packed forward inside. The median over
the rounds counts. Read the ratios: absolute figures are those of this machine at this time.

Ctrl-C ends it early, and what was measured counts. Tables go to stderr; the last line of stdout is a JSON document,
from which `bench.page` makes the page in `docs/`. The first run installs the peers, 1.2 GB each.
"""

import argparse
import contextlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from bench import table
from bench.closed_loop import Load, wrk
from bench.comparison import Comparison, MachineLimit, Turn, clients_and_texts, median, median_limit
from bench.contenders import LANES, NAMES, Contender, contender
from bench.environments import CACHE
from bench.machine import cpu_name, machine_limit
from bench.model_directory import shipped
from bench.server import NotReady
from bench.texts import texts as benchmark_texts
from bench.turn import Plan, turn
from summit_inference.errors import ConfigurationError
from transformers_stage.pipeline import TextPipeline, WindowPlan

_LOADS = ("1x1", "1x32", "32x1")
_IN_FLIGHT = 24


def main(given: argparse.Namespace) -> None:
    """Run and print."""
    wrk()
    model_directory = given.model_directory or shipped(given.cache_directory)
    texts = benchmark_texts()
    plan = _plan(given)
    turns: dict[str, list[Turn]] = {}
    limits: list[MachineLimit] = []
    with contextlib.suppress(KeyboardInterrupt):
        for at in range(given.rounds):
            limits.append(machine_limit(model_directory, LANES))
            for name in _rotated(given.only, at):
                _measure(contender(name, model_directory, given.cache_directory), texts, plan, turns)
    if not turns:
        raise NotReady("none of the servers answered; their logs stand above")
    run = Comparison(
        cpu=cpu_name(),
        cores=len(os.sched_getaffinity(0)),
        rounds=max(map(len, turns.values())),
        tokens_per_text=_tokens_per_text(model_directory, texts),
        limit=median_limit(limits),
        servers={title: median(found) for title, found in turns.items()},
    )
    sys.stderr.write(f"\n{table.about(run)}\n\n{table.tables(run)}\n")
    sys.stdout.write(f"{run.as_json().decode()}\n")


def _measure(one: Contender, texts: Sequence[str], plan: Plan, turns: dict[str, list[Turn]]) -> None:
    try:
        found = turn(one, texts, plan)
    except NotReady as error:
        sys.stderr.write(f"{error}\n")
        return
    turns.setdefault(one.title, []).append(found)
    rates = ", ".join(f"{name} {each.requests_per_second:.1f}" for name, each in found.closed.items())
    sys.stderr.write(f"{one.title}: {rates} req/s\n")


def _plan(given: argparse.Namespace) -> Plan:
    brief = max(1, given.seconds // 2)
    loads = {}
    for name in given.loads:
        clients, texts = clients_and_texts(name)
        loads[name] = Load(clients, texts, given.seconds if clients > 1 else brief)
    return Plan(loads, given.open_per_second, brief, idle_seconds=1.0, in_flight=_IN_FLIGHT)


def _rotated(names: Sequence[str], by: int) -> Sequence[str]:
    """Another one is first in each round: a machine drifts."""
    start = by * len(names) // 3 % len(names)
    return [*names[start:], *names[:start]]


def _tokens_per_text(model_directory: Path, texts: Sequence[str]) -> float:
    pipeline = TextPipeline.load(model_directory, model_directory, WindowPlan())
    return len(pipeline.encode(texts).sequences.input_ids) / len(texts)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=5, help="of a load of several clients; others take half of it")
    parser.add_argument("--loads", nargs="+", default=_LOADS, metavar="CLIENTSxTEXTS")
    parser.add_argument("--open-per-second", type=float, default=20.0, help="requests of the open loop")
    parser.add_argument("--only", nargs="+", choices=NAMES, default=NAMES)
    parser.add_argument("--model-directory", type=Path, help="instead of the newest shipped version")
    parser.add_argument("--cache-directory", type=Path, default=CACHE, help="of the peers' environments")
    return parser.parse_args()


if __name__ == "__main__":
    try:
        main(_arguments())
    except (ConfigurationError, NotReady) as fault:
        sys.exit(f"error: {fault}")
