"""Faults of servers, on purpose: Python imports this file first where its folder is in PYTHONPATH.

`FAULTS_FILE` names a JSON file, model version → `errors` (5% of requests), `slow` (0.6 s more), `crash` (as it
loads) or `asleep` (it never becomes ready). With `SCRIPTED_PAIRS`, `servers.scripted_pair` takes a pair's place.
`CLOCK_FILE` names a file with the seconds that `time.time` is off by, read at every look at the clock.
"""

import asyncio
import json
import os
import random
import sys
import time
from pathlib import Path
from typing import Any

_ENVIRONMENT = dict(os.environ)  # noqa: TID251 - nobody else reads these


def _fault(directory: str) -> str:
    return str(json.loads(Path(_ENVIRONMENT["FAULTS_FILE"]).read_text()).get(Path(directory).name, ""))


def _spoil(fault: str) -> None:
    from transformers_stage.servable import TransformerServable  # noqa: PLC0415 - only where it is spoilt

    infer = TransformerServable.infer

    async def spoilt(self: Any, request: Any) -> Any:
        if fault == "errors" and random.random() < 0.05:
            raise RuntimeError("on purpose")
        await asyncio.sleep(0.6 if fault == "slow" else 0)
        return await infer(self, request)

    TransformerServable.infer = spoilt  # type: ignore[method-assign]


def _start(stage: str, directory: str) -> None:
    fault = _fault(directory)
    if stage == "PREDICTOR" and fault == "asleep":
        time.sleep(3600)
    if stage == "PREDICTOR" and fault == "crash":
        sys.stderr.write("error: it crashed on purpose\n")
        os._exit(1)
    if "SCRIPTED_PAIRS" in _ENVIRONMENT:
        from servers import scripted_pair  # noqa: PLC0415 - only where it takes the place of an encoder

        if stage == "PREDICTOR":
            scripted_pair.serve_predictor(_ENVIRONMENT)
        else:
            scripted_pair.serve_transformer(_ENVIRONMENT, fault)
        os._exit(0)
    if stage == "TRANSFORMER" and fault in {"errors", "slow"}:
        _spoil(fault)


def _skew_clock(file: Path) -> None:
    true_time = time.time
    time.time = lambda: true_time() + float(file.read_text())


if "CLOCK_FILE" in _ENVIRONMENT:
    _skew_clock(Path(_ENVIRONMENT["CLOCK_FILE"]))

for _stage in ("PREDICTOR", "TRANSFORMER"):
    if "FAULTS_FILE" in _ENVIRONMENT and f"{_stage}_MODEL_DIRECTORY" in _ENVIRONMENT:
        _start(_stage, _ENVIRONMENT[f"{_stage}_MODEL_DIRECTORY"])
