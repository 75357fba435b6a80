"""How fast this machine multiplies: the encoder's linear maps alone, on every lane at once."""

import statistics
import threading
import time
from pathlib import Path

import torch
from torch import nn
from transformers import AutoModelForTokenClassification
from transformers.utils import logging as transformers_logging

from bench.comparison import MachineLimit

_ROWS = 512
_PASSES = 5


def cpu_name() -> str:
    """As the kernel says."""
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown")


def machine_limit(model_directory: Path, lanes: int) -> MachineLimit:
    """Measured now, in about two seconds."""
    transformers_logging.disable_progress_bar()
    network = AutoModelForTokenClassification.from_pretrained(model_directory, local_files_only=True).eval()
    maps = [module for module in network.modules() if isinstance(module, nn.Linear)]
    parameters = sum(module.weight.numel() for module in maps)
    found: list[float] = []
    threads = [threading.Thread(target=lambda: found.append(_gflops(maps, parameters))) for _ in range(lanes)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return MachineLimit(statistics.mean(found), parameters, lanes)


def _gflops(maps: list[nn.Linear], parameters: int) -> float:
    """One pass goes through all maps, as a forward does, so that no weights stay in the cache."""
    torch.set_num_threads(1)
    rows = {width: torch.randn(_ROWS, width) for width in {module.in_features for module in maps}}
    seconds = []
    with torch.inference_mode():
        for _ in range(_PASSES + 1):
            started = time.perf_counter()
            for module in maps:
                module(rows[module.in_features])
            seconds.append(time.perf_counter() - started)
    return 2 * parameters * _ROWS / statistics.median(seconds[1:]) / 1e9
