"""How long our servers take from start to ready, beside what nobody can avoid: the libraries' imports and the weights.

    python -m bench.cold_start [--rounds 3]

The yardstick is one process that imports torch, kserve and transformers and loads the same model. Both take turns,
medians count. Then, from `-X importtime`: which packages the predictor imports beyond those three and what they import.
A table goes to stderr; the last line of stdout is a JSON document.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from bench import bodies, table
from bench.contenders import MODEL_NAME, Contender, ours, predictor_process
from bench.environments import CACHE
from bench.imports import Imported, beyond, imported
from bench.model_directory import shipped
from bench.ports import free_ports
from bench.server import NotReady, started
from summit_inference.errors import ConfigurationError

_IMPORTS = "import torch, kserve, transformers"
_LOAD = "from transformers import AutoModelForTokenClassification as M; M.from_pretrained(sys.argv[1]).eval()"
_SHOWN_MS = 5
"""Packages that take less are counted and not named."""


def main(given: argparse.Namespace) -> None:
    """Run and print."""
    model_directory = given.model_directory or shipped(given.cache_directory)
    seconds: dict[str, list[float]] = {"imports and load alone": [], "predictor": [], "predictor and transformer": []}
    _load_seconds(model_directory)  # not counted: it brings the files into memory
    for _ in range(given.rounds):
        seconds["imports and load alone"].append(_load_seconds(model_directory))
        seconds["predictor"].append(_ready_seconds(_predictor(model_directory)))
        seconds["predictor and transformer"].append(_ready_seconds(ours(model_directory)))
    medians = {name: statistics.median(found) for name, found in seconds.items()}
    rows = _start_rows(medians)
    extra = _import_rows()
    sys.stderr.write(f"{table.flat(rows)}\n\n{table.flat(extra)}\n")
    ratio = medians["predictor"] / medians["imports and load alone"]
    sys.stdout.write(json.dumps({"benchmark": "cold_start", "ratio": ratio, "rows": rows, "imports": extra}) + "\n")


def _start_rows(medians: dict[str, float]) -> list[dict[str, str | float]]:
    least = medians["imports and load alone"]
    return [
        {"start": name, "seconds": round(found, 2), "of imports and load": round(found / least, 2)}
        for name, found in medians.items()
    ]


def _import_rows() -> list[dict[str, str | float]]:
    base = imported([sys.executable, "-P", "-c", _IMPORTS])
    found = beyond(imported([sys.executable, "-P", "-c", "import predictor.__main__"]), base)
    rows: list[dict[str, str | float]] = [
        {"package": name, "modules": each.modules, "own ms": round(each.milliseconds, 1)}
        for name, each in found.items()
        if each.milliseconds >= _SHOWN_MS
    ]
    rest = [each for each in found.values() if each.milliseconds < _SHOWN_MS]
    if rest:
        rows.append(_summed(rest))
    return rows


def _summed(found: Sequence[Imported]) -> dict[str, str | float]:
    return {
        "package": f"{len(found)} others",
        "modules": sum(each.modules for each in found),
        "own ms": round(sum(each.milliseconds for each in found), 1),
    }


def _load_seconds(model_directory: Path) -> float:
    return _seconds([sys.executable, "-P", "-c", f"import sys; {_IMPORTS}; {_LOAD}", str(model_directory)])


def _seconds(command: Sequence[str]) -> float:
    begin = time.monotonic()
    subprocess.run(command, check=True, capture_output=True)
    return time.monotonic() - begin


def _ready_seconds(contender: Contender) -> float:
    with tempfile.TemporaryDirectory() as folder, started(contender, Path(folder)) as server:
        return server.ready_seconds


def _predictor(model_directory: Path) -> Contender:
    port, grpc_port = free_ports(2)
    body_of = bodies.packed_tensors(model_directory, MODEL_NAME)
    process = predictor_process(model_directory, port, grpc_port)
    return Contender("predictor", [process], port, f"/v2/models/{MODEL_NAME}/infer", "/v2/health/live", body_of)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--model-directory", type=Path, help="instead of the newest shipped version")
    parser.add_argument("--cache-directory", type=Path, default=CACHE, help="where that is merged")
    return parser.parse_args()


if __name__ == "__main__":
    try:
        main(_arguments())
    except (ConfigurationError, NotReady) as fault:
        sys.exit(f"error: {fault}")
