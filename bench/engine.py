"""Texts a second of the predictor's forward pass, in this process: one at a time, padded, packed, through the engine.

    python -m bench.engine [--model-directory DIRECTORY] [--rounds 3] [--texts 64] [--precision int8]

Without a directory, an encoder of the shipped model's shape with random weights. Lengths are log-normal, as measured on
mixed texts: mean 36 tokens, p95 96. All ways are timed in every round and medians are kept. Machines differ and drift:
read the ratios of one run, not the figures of two, and those of CPU time where something else runs. A table goes to
stderr; the last line of stdout is a JSON document.
"""

import argparse
import asyncio
import json
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from transformers import AutoModelForTokenClassification, BertConfig, BertForTokenClassification
from transformers.utils import logging as transformers_logging

from bench.sequences import budgeted
from predictor.engine import Engine, EngineLimits
from predictor.model import Encoder, cuda_capability, limits
from predictor.observer import Unobserved
from predictor.packing import TokenSequence
from predictor.placement import Device, Placement, Precision, placed
from predictor.strategy import PaddedStrategy
from predictor.supervision import SupervisionLimits
from summit_inference.batching import QueueLimits

_BUDGETS = (128, 256, 512, 1024, 4096)
_LANES = (1, 2)
_PADDED_TEXTS = 16
_SHORTEST, _LONGEST, _MEDIAN, _SPREAD = 3, 256, 27, 0.78

Texts = Sequence[TokenSequence]
Way = Callable[[], Awaitable[None]]
"""One pass over all texts."""


@dataclass(frozen=True, slots=True)
class Result:
    """One way to compute the same texts; medians over rounds."""

    way: str
    texts_per_second: float
    cpu_ms_per_text: float
    speed_up: float
    """Over one at a time, by the clock."""
    cpu_speed_up: float
    """Over one at a time, by CPU time: of how much work a core gets through."""


@dataclass(frozen=True, slots=True)
class Pass:
    """What one pass took.

    Units: seconds.
    """

    wall: float
    cpu: float


async def main(asked: argparse.Namespace) -> None:
    """Run and print."""
    placement = placed(Device.AUTO, asked.precision, cuda_capability())
    async with AsyncExitStack() as engines:
        with tempfile.TemporaryDirectory() as scratch:
            directory = asked.model_directory or _random_model(Path(scratch))
            encoder, plain = Encoder.load(directory, placement), _plain(directory, placement)
        texts = _texts(encoder, asked.texts)
        ways = _direct_ways(encoder, plain, texts)
        for lanes in _LANES:
            engine = await engines.enter_async_context(_running(encoder, placement, lanes))
            ways[f"engine, {lanes} lane{'s' * (lanes > 1)}"] = _through(engine, texts)
        results = _results(await _timed(ways, asked.rounds), len(texts))
    _print_table(results)
    print(json.dumps({"texts": len(texts), "tokens": sum(map(len, texts)), "results": list(map(asdict, results))}))


def _direct_ways(encoder: Encoder, plain: Encoder, texts: Texts) -> dict[str, Way]:
    encoder.prepare_thread()
    by_length = sorted(texts, key=len)
    ways = {
        "one at a time": _forwards(plain, [[text] for text in texts]),
        f"padded {_PADDED_TEXTS}, as they came": _forwards(plain, _groups(texts, _PADDED_TEXTS)),
        f"padded {_PADDED_TEXTS}, sorted": _forwards(plain, _groups(by_length, _PADDED_TEXTS)),
    }
    for budget in _BUDGETS:
        ways[f"packed, {budget} tokens"] = _forwards(encoder, budgeted(texts, budget))
    return ways


def _forwards(encoder: Encoder, batches: Sequence[Texts]) -> Way:
    async def one_pass() -> None:
        for batch in batches:
            encoder.forward(batch)

    return one_pass


def _through(engine: Engine, texts: Texts) -> Way:
    async def one_pass() -> None:
        await asyncio.gather(*(engine.infer([text]) for text in texts))

    return one_pass


async def _timed(ways: dict[str, Way], rounds: int) -> dict[str, Pass]:
    """The median pass; the first of each way warms it up and does not count."""
    passes: dict[str, list[Pass]] = {name: [] for name in ways}
    for _ in range(rounds + 1):
        for name, one_pass in ways.items():
            wall, cpu = time.perf_counter(), time.process_time()
            await one_pass()
            passes[name].append(Pass(time.perf_counter() - wall, time.process_time() - cpu))
    return {
        name: Pass(statistics.median(p.wall for p in timed[1:]), statistics.median(p.cpu for p in timed[1:]))
        for name, timed in passes.items()
    }


def _results(passes: dict[str, Pass], texts: int) -> list[Result]:
    alone = next(iter(passes.values()))
    return [
        Result(
            way=name,
            texts_per_second=round(texts / taken.wall, 1),
            cpu_ms_per_text=round(taken.cpu / texts * 1000, 2),
            speed_up=round(alone.wall / taken.wall, 2),
            cpu_speed_up=round(alone.cpu / taken.cpu, 2),
        )
        for name, taken in passes.items()
    ]


@asynccontextmanager
async def _running(encoder: Encoder, placement: Placement, lanes: int) -> AsyncIterator[Engine]:
    queue = QueueLimits(
        queue_tokens=1_000_000,
        budget_tokens=placement.budget_tokens,
        batch_tokens_beside_realtime=256,
        batch_floor=0.1,
        max_age_seconds=1.0,
        lanes=lanes,
    )
    supervision = SupervisionLimits(restarts_per_hour=0, failures_in_row=1, stall_seconds=60)
    engine = Engine(encoder, EngineLimits(queue, 128, supervision), Unobserved())
    await engine.start()
    yield engine
    await engine.close()


def _plain(directory: Path, placement: Placement) -> Encoder:
    """The same model as other servers run it: each batch one rectangle."""
    network = AutoModelForTokenClassification.from_pretrained(directory, local_files_only=True)
    network.eval().to(placement.device.value)
    return Encoder(network, limits(network), PaddedStrategy(network, waste=1.0))


def _random_model(directory: Path) -> Path:
    transformers_logging.disable_progress_bar()
    config = BertConfig(
        vocab_size=30_522,
        hidden_size=384,
        num_hidden_layers=6,
        num_attention_heads=12,
        intermediate_size=1536,
        type_vocab_size=6,
        num_labels=7,
    )
    BertForTokenClassification(config).save_pretrained(directory)
    return directory


def _texts(encoder: Encoder, count: int) -> list[TokenSequence]:
    random = np.random.default_rng(0)
    lengths = np.exp(random.normal(np.log(_MEDIAN), _SPREAD, count)).astype(int)
    return [
        TokenSequence(random.integers(0, encoder.limits.vocabulary, length))
        for length in np.clip(lengths, _SHORTEST, min(_LONGEST, encoder.limits.max_tokens))
    ]


def _groups(texts: Texts, size: int) -> list[Texts]:
    return [texts[start : start + size] for start in range(0, len(texts), size)]


def _print_table(results: Sequence[Result]) -> None:
    sys.stderr.write(f"{'way':<26}{'texts/s':>9}{'speed-up':>10}{'CPU-ms/text':>13}{'CPU speed-up':>14}\n")
    for item in results:
        sys.stderr.write(
            f"{item.way:<26}{item.texts_per_second:>9.1f}{item.speed_up:>10.2f}"
            f"{item.cpu_ms_per_text:>13.2f}{item.cpu_speed_up:>14.2f}\n"
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model-directory", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--texts", type=int, default=64)
    parser.add_argument("--precision", type=Precision, default=Precision.AUTO, help="of the packed and engine rows")
    asyncio.run(main(parser.parse_args()))
