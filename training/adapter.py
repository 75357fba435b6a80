"""A version as one small file: how its weights differ from the base's, and the directory that the two make together.

The file is safetensors. A large matrix is stored as `<name>.nibbles` and `<name>.scales`, a small tensor as `<name>` in
half precision; where only some rows of a matrix differ, `<name>.rows` has their numbers. What is not in it, the base
keeps. Nothing here trains.
"""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file
from transformers import BertForTokenClassification

from summit_inference.errors import ArtifactError
from training import base
from training.encoder import starting_encoder
from training.quantisation import GROUP, Quantised, quantised, restored

_FORMAT = "summit-adapter-1"
_SMALL = 8192
"""Tensors of fewer numbers are stored as they are."""
_TOKENIZER_FILES = ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "vocab.txt")


def write(path: Path, start: Mapping[str, torch.Tensor], end: Mapping[str, torch.Tensor], base_sha256: str) -> None:
    """Store how `end` differs from `start`, the starting encoder's weights on the base with that digest."""
    stored: dict[str, npt.NDArray[np.generic]] = {}
    for name, weight in end.items():
        difference = (weight - start[name]).numpy()
        if not difference.any():
            continue
        if difference.size < _SMALL or difference.shape[-1] % GROUP:
            stored[name] = difference.astype(np.float16)
            continue
        rows = np.flatnonzero(difference.any(axis=-1))
        if len(rows) < len(difference):
            stored[f"{name}.rows"], difference = rows.astype(np.int32), difference[rows]
        packed = quantised(difference)
        stored[f"{name}.nibbles"], stored[f"{name}.scales"] = packed.nibbles, packed.scales
    save_file(stored, path, metadata={"format": _FORMAT, "base_sha256": base_sha256})


def merge(version_file: Path, directory: Path) -> None:
    """Write the version as a standard Hugging Face token-classification model into `directory`.

    Raises:
        ConfigurationError: the base encoder is not installed.
        ArtifactError: the base is another one, or the file is no adapter for it.
    """
    merge_onto(base.installed_base(), base.SHA256, version_file, directory)


def merge_onto(base_directory: Path, base_sha256: str, version_file: Path, directory: Path) -> None:
    """As `merge`, on the base encoder in `base_directory`."""
    base.verified(base_directory, base_sha256)
    net = starting_encoder(base_directory)
    apply(net, version_file, base_sha256)
    directory.mkdir(parents=True, exist_ok=True)
    net.save_pretrained(directory)
    for name in _TOKENIZER_FILES:
        if (base_directory / name).is_file():
            shutil.copyfile(base_directory / name, directory / name)


def apply(net: BertForTokenClassification, version_file: Path, base_sha256: str) -> None:
    """Add the stored differences to the starting encoder `net`.

    Raises:
        ArtifactError: the file is no adapter for this encoder.
    """
    weights = net.state_dict()
    try:
        with safe_open(version_file, framework="numpy") as file:
            _check(file.metadata() or {}, version_file, base_sha256)
            for name in sorted({_weight_of(key) for key in file.keys()}):  # noqa: SIM118 - the file is no mapping
                weights[name] += torch.from_numpy(_difference(file, name, tuple(weights[name].shape)))
    except (OSError, SafetensorError, LookupError, ValueError, RuntimeError) as error:
        raise ArtifactError(f"{version_file.name} is no adapter for this encoder: train it anew.") from error
    net.load_state_dict(weights)


def _check(metadata: Mapping[str, str], version_file: Path, base_sha256: str) -> None:
    if metadata.get("format") != _FORMAT:
        raise ArtifactError(f"{version_file.name} is not of the format {_FORMAT}: train it anew.")
    if metadata.get("base_sha256") != base_sha256:
        raise ArtifactError(f"{version_file.name} was trained on another base encoder: train it anew on this one.")


def _difference(file: Any, name: str, shape: tuple[int, ...]) -> npt.NDArray[np.float32]:
    if f"{name}.nibbles" not in file.keys():  # noqa: SIM118 - the file is no mapping
        return np.asarray(file.get_tensor(name), dtype=np.float32).reshape(shape)
    packed = Quantised(file.get_tensor(f"{name}.nibbles"), file.get_tensor(f"{name}.scales"))
    if f"{name}.rows" not in file.keys():  # noqa: SIM118
        return restored(packed, shape)
    rows = file.get_tensor(f"{name}.rows")
    difference = np.zeros(shape, np.float32)
    difference[rows] = restored(packed, (len(rows), *shape[1:]))
    return difference


def _weight_of(key: str) -> str:
    return key.removesuffix(".nibbles").removesuffix(".scales").removesuffix(".rows")
