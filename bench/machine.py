"""What this machine could do at most: the encoder's matrix products alone, on every lane at once."""

import statistics
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn
from transformers import AutoModelForTokenClassification

_ROWS = 512
_PASSES = 5


@dataclass(frozen=True, slots=True)
class MachineLimit:
    """The bound that no server can pass.

    Units: `gflops` of one lane while all are busy; `parameters` without embeddings.
    """

    gflops: float
    parameters: int
    lanes: int

    @property
    def tokens_per_second(self) -> float:
        """A forward pass needs two operations for each parameter and token."""
        return self.lanes * self.gflops * 1e9 / (2 * self.parameters)


def machine_limit(model_directory: Path, lanes: int) -> MachineLimit:
    """Measured now, in about a second."""
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
