"""What is published, and what is known about it. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class PublishOrder:
    """One directory to become one version of a registered model."""

    name: str
    """Of the registered model."""
    directory: Path
    """What `save_pretrained` wrote of a token-classification model and its tokenizer: safetensors, nothing pickled."""
    semver: str
    """`v2.1.0`. One semver is one content: published again with other files, it is refused."""
    metrics: Mapping[str, float] = field(default_factory=dict)
    """By slice: `wikigold_test/f1`, `wikigold_test/f1_PER`."""
    params: Mapping[str, str] = field(default_factory=dict)
    """How it was trained."""
    licence: str = "other"
    """Of the weights, as model cards write it (`apache-2.0`)."""
    data_licences: Mapping[str, str] = field(default_factory=dict)
    """Corpus → licence, for every corpus that it was trained on."""
    int8_f1_loss: float | None = None
    """Points of strict F1 that int8 costs, on the development set where it costs most; None: not measured."""
    int8_maps: str = ""
    """Which maps that was measured with, see `PREDICTOR_INT8_MAPS`; empty: all."""
    alias: str | None = None
    """To name the version, whether it is new or was there."""
    description: str = ""
