"""The ways to compute a batch: packed into one row, or padded into rectangles. `model.py` chooses, once, at load.

Dimensions: B sequences, T tokens of one, N tokens of all, L labels.
"""

from collections.abc import Sequence
from inspect import signature
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from transformers import PreTrainedModel

from predictor.attention import Layout
from predictor.packing import TokenSequence, pack, pad, rectangles


class Strategy(Protocol):
    """A way to compute a batch."""

    name: str

    def logits(self, network: PreTrainedModel, sequences: Sequence[TokenSequence]) -> Tensor:
        """The scores of every label before softmax (N, L), in the order of the sequences."""

    def computed_tokens(self, lengths: Sequence[int]) -> int:
        """How many tokens the forward runs over, padding included."""


class PackedStrategy:
    """All sequences as one; the attention function keeps them apart."""

    def __init__(self, network: PreTrainedModel, attention: str) -> None:
        self._first_position = first_position(network)
        self._takes_token_types = takes_token_types(network)
        self.attention = attention
        self.name = attention

    def logits(self, network: PreTrainedModel, sequences: Sequence[TokenSequence]) -> Tensor:
        """See `Strategy`."""
        packed = pack(sequences, self._first_position)
        device = _device(network)
        inputs = {"input_ids": packed.input_ids, "position_ids": packed.position_ids}
        if self._takes_token_types:
            inputs["token_type_ids"] = packed.token_type_ids
        tensors = {name: _to_device(array[np.newaxis], device) for name, array in inputs.items()}  # (1, N)
        output = network(**tensors, packed_layout=Layout(packed, device))
        return _logits_of(output)[0]  # (N, L)

    def computed_tokens(self, lengths: Sequence[int]) -> int:
        """No padding."""
        return sum(lengths)


class PaddedStrategy:
    """Neighbours of similar length as a rectangle, one forward each."""

    def __init__(self, network: PreTrainedModel, waste: float) -> None:
        self._waste = waste
        self._padding_id = getattr(network.config, "pad_token_id", None) or 0
        self._takes_token_types = takes_token_types(network)
        self.name = "padded"

    def logits(self, network: PreTrainedModel, sequences: Sequence[TokenSequence]) -> Tensor:
        """See `Strategy`."""
        groups = rectangles([len(sequence) for sequence in sequences], self._waste)
        return torch.cat([self._rectangle(network, sequences[group]) for group in groups])  # (N, L)

    def computed_tokens(self, lengths: Sequence[int]) -> int:
        """Every rectangle in full."""
        return sum(len(lengths[group]) * max(lengths[group]) for group in rectangles(lengths, self._waste))

    def _rectangle(self, network: PreTrainedModel, sequences: Sequence[TokenSequence]) -> Tensor:
        padded = pad(sequences, self._padding_id)
        device = _device(network)
        mask = _to_device(padded.attention_mask, device)  # (B, T)
        types = {"token_type_ids": _to_device(padded.token_type_ids, device)} if self._takes_token_types else {}
        output = network(input_ids=_to_device(padded.input_ids, device), attention_mask=mask, **types)
        return _logits_of(output)[mask.bool()]  # (B, T, L) → (N, L)


def first_position(network: PreTrainedModel) -> int:
    """The position of a sequence's first token: RoBERTa and its kin count from behind their padding id, most from 0."""
    for name, module in network.named_modules():
        if name.endswith("position_embeddings") and getattr(module, "padding_idx", None) is not None:
            return int(module.padding_idx) + 1
    return 0


def takes_token_types(network: PreTrainedModel) -> bool:
    """Whether the encoder has token types at all; some signatures offer what the weights lack."""
    return (
        "token_type_ids" in signature(network.forward).parameters and getattr(network.config, "type_vocab_size", 0) > 0
    )


def _device(network: PreTrainedModel) -> torch.device:
    device: torch.device = network.device
    return device


def _to_device(array: npt.NDArray[Any], device: torch.device) -> Tensor:
    tensor = torch.from_numpy(array)
    return tensor if device.type == "cpu" else tensor.pin_memory().to(device, non_blocking=True)


def _logits_of(output: Any) -> Tensor:
    logits: Tensor = output.logits
    return logits
