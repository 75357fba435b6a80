"""What the predictor's tests share: a clock that stands still, sequences, and tiny encoders with random weights."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import AutoConfig, AutoModelForTokenClassification
from transformers.utils import logging as transformers_logging

from predictor.packing import TokenSequence

VOCABULARY, LABELS = 200, 5


class StandingClock:
    """Moves when it is told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(scope="session", autouse=True)
def _one_thread() -> None:
    """As in a lane. Threads that wait for each other make tiny models slow on a busy machine."""
    torch.set_num_threads(1)


@pytest.fixture
def clock() -> StandingClock:
    return StandingClock()


@pytest.fixture
def sequences_of() -> Callable[..., list[TokenSequence]]:
    """Sequences of random tokens, of these lengths."""

    def make(lengths: Iterable[int], token_types: int = 0) -> list[TokenSequence]:
        random = np.random.default_rng(1)
        return [
            TokenSequence(
                random.integers(10, VOCABULARY, length),
                random.integers(0, token_types, length) if token_types else None,
            )
            for length in lengths
        ]

    return make


@pytest.fixture(scope="session")
def saved_encoder(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """A directory with a two-layer encoder of this architecture; its weights are large enough to tell labels apart."""
    made: dict[str, Path] = {}

    def make(architecture: str, **options: Any) -> Path:
        key = f"{architecture} {options}"
        if key not in made:
            transformers_logging.disable_progress_bar()
            transformers_logging.set_verbosity_error()
            made[key] = tmp_path_factory.mktemp(architecture)
            _random_encoder(architecture, options).save_pretrained(made[key])
        return made[key]

    return make


def _random_encoder(architecture: str, options: dict[str, Any]) -> Any:
    shape = {
        "vocab_size": VOCABULARY,
        "hidden_size": 32,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "intermediate_size": 64,
        "num_labels": LABELS,
        "initializer_range": 0.3,
        "pad_token_id": 1,
    }
    if architecture == "distilbert":
        renamed = {"hidden_size": "dim", "num_hidden_layers": "n_layers", "num_attention_heads": "n_heads"}
        shape = {renamed.get(name, name): value for name, value in shape.items()}
    torch.manual_seed(0)
    return AutoModelForTokenClassification.from_config(AutoConfig.for_model(architecture, **(shape | options))).eval()
