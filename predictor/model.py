"""The encoder: loaded from a verified directory, and its forward pass.

A batch is computed packed, several texts as one sequence without padding, wherever that is exact; `load` proves it on
sequences of its own before the first request, and takes a sorted, padded forward for the encoders that fail. The stock
`transformers` model is called as it is: only its attention function is ours.

Dimensions: N tokens of all sequences, L labels.
"""

import logging
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from transformers import AutoModelForTokenClassification, PreTrainedModel
from transformers.utils import logging as transformers_logging

from predictor.attention import registered
from predictor.packing import TokenLabels, TokenSequence, unpack
from predictor.placement import Placement, Precision
from predictor.rounding import Rounding
from predictor.self_check import check_sequences, relative_difference, tolerance
from predictor.strategy import PackedStrategy, PaddedStrategy, Strategy, first_position, takes_token_types
from summit_inference.errors import ArtifactError, ConfigurationError

_log = logging.getLogger(__name__)

_PADDING_WASTE = 0.25  # of a padded rectangle; more forwards cost more than that much padding
_OUT_OF_MEMORY = ("out of memory", "can't allocate memory", "not enough memory")


@dataclass(frozen=True, slots=True)
class ModelLimits:
    """What a model can take, from its own config."""

    vocabulary: int
    max_tokens: int
    """Of one sequence, special tokens included."""
    token_types: int
    """0 for an encoder without token types."""
    labels: int


def cuda_capability() -> tuple[int, int] | None:
    """That of the first CUDA device; None where there is none."""
    return torch.cuda.get_device_capability(0) if torch.cuda.is_available() else None


class Encoder:
    """One loaded model version. `forward` may be called by several threads at once; they share the weights."""

    def __init__(self, network: PreTrainedModel, limits: ModelLimits, strategy: Strategy) -> None:
        self._network = network
        self._strategy = strategy
        self.limits = limits

    @property
    def strategy(self) -> str:
        """The packed attention that computes it, or `padded`."""
        return self._strategy.name

    @classmethod
    def load(cls, directory: Path, placement: Placement, rounding: Rounding = Rounding()) -> Self:  # noqa: B008 - frozen
        """The model in `directory` (`config.json`, safetensors), proven and ready.

        `rounding` says which maps to round, where the placement asks for 8 bits.

        Raises:
            ArtifactError: it is no token-classification model of a known architecture, or weights are missing.
            ConfigurationError: none of its maps is one to be rounded.
        """
        with _one_thread():
            network = _network(directory, placement)
            found = limits(network)
            strategy = _proven_strategy(network, found, placement)
            if placement.precision is Precision.INT8:
                _quantise(network, rounding)
        _log.info("model loaded", extra={"strategy": strategy.name, "precision": placement.precision.value})
        return cls(network, found, strategy)

    def forward(self, sequences: Sequence[TokenSequence]) -> list[TokenLabels]:
        """The labels of every sequence, in order. Most efficient when sorted by length.

        Raises:
            MemoryError: the batch is too large for this machine.
            FloatingPointError: the model answered with what is no number.
        """
        with torch.inference_mode(), _memory_errors():
            logits = self._strategy.logits(self._network, sequences)  # (N, L)
            score, label_id = logits.float().softmax(-1).max(-1)  # (N)
            scores, label_ids = score.cpu().numpy(), label_id.int().cpu().numpy()
        if not np.isfinite(scores).all():
            raise FloatingPointError
        lengths = [len(sequence) for sequence in sequences]
        return [TokenLabels(*pair) for pair in zip(unpack(label_ids, lengths), unpack(scores, lengths), strict=True)]

    def computed_tokens(self, lengths: Sequence[int]) -> int:
        """How many tokens a forward over these sequences runs over, padding included."""
        return self._strategy.computed_tokens(lengths)

    def prepare_thread(self) -> None:
        """Make the calling thread a lane: its operators use no threads of their own, since every core has a lane."""
        torch.set_num_threads(1)


def _network(directory: Path, placement: Placement) -> PreTrainedModel:
    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()
    dtype = torch.bfloat16 if placement.precision is Precision.BFLOAT16 else torch.float32
    network: PreTrainedModel
    try:
        network, report = AutoModelForTokenClassification.from_pretrained(
            directory,
            local_files_only=True,
            use_safetensors=True,
            trust_remote_code=False,
            dtype=dtype,
            output_loading_info=True,
        )
    except Exception as error:
        raise ArtifactError(
            "The model's directory is no token-classification model that this server can load; "
            "log it with mlflow.transformers as one, without code of its own."
        ) from error
    missing = sorted(report["missing_keys"]) + sorted(str(key) for key in report["mismatched_keys"])
    if missing:
        raise ArtifactError(f"The model's weights lack {missing[0]} (and {len(missing) - 1} more); publish it again.")
    network.eval().requires_grad_(requires_grad=False).to(placement.device.value)
    return network


def limits(network: PreTrainedModel) -> ModelLimits:
    """What a model says that it can take."""
    config = network.config
    positions = getattr(config, "max_position_embeddings", None) or np.iinfo(np.int32).max
    return ModelLimits(
        vocabulary=config.vocab_size,
        max_tokens=positions - first_position(network),
        token_types=getattr(config, "type_vocab_size", 0) if takes_token_types(network) else 0,
        labels=config.num_labels,
    )


def _proven_strategy(network: PreTrainedModel, limits: ModelLimits, placement: Placement) -> Strategy:
    """The first packed way that answers as the plain model does, one length at a time; else the padded way."""
    sequences = check_sequences(limits.vocabulary, limits.max_tokens, limits.token_types, _local_window(network))
    usual_attention = network.config._attn_implementation  # noqa: SLF001 - there is no public way to ask
    with torch.inference_mode():
        expected = _plain_scores(network, sequences)
        for attention in registered(placement):
            strategy = PackedStrategy(network, attention)
            reason = _fault(network, strategy, sequences, expected, tolerance(placement.precision))
            if reason is None:
                return strategy
            _log.warning("packed forward refused", extra={"attention": attention, "reason": reason})
    network.set_attn_implementation(usual_attention)
    return PaddedStrategy(network, _PADDING_WASTE)


def _plain_scores(network: PreTrainedModel, sequences: Sequence[TokenSequence]) -> npt.NDArray[np.float32]:
    """What the model answers when it is called as its authors do (N, L)."""
    try:
        return _array(PaddedStrategy(network, waste=0.0).logits(network, sequences))
    except Exception as error:
        raise ArtifactError(
            "The model fails on token ids of its own vocabulary; check its config.json against its weights."
        ) from error


def _fault(
    network: PreTrainedModel,
    strategy: PackedStrategy,
    sequences: Sequence[TokenSequence],
    expected: npt.NDArray[np.float32],
    tolerance: float,
) -> str | None:
    """Why the encoder can't be computed this way; None if it can."""
    network.set_attn_implementation(strategy.attention)
    if network.config._attn_implementation != strategy.attention:  # noqa: SLF001 - there is no public way to ask
        return "the architecture does not let its attention be replaced"
    try:
        found = _array(strategy.logits(network, sequences))
    except Exception:  # noqa: BLE001 - an architecture may refuse in any way; the padded forward is always there
        _log.info("packed forward failed", exc_info=True)
        return "it raised"
    difference = relative_difference(found, expected)
    return None if difference <= tolerance else f"its scores differ by {difference:.2g} of their spread"


def _quantise(network: PreTrainedModel, rounding: Rounding) -> None:
    """Put 8-bit weights, with a scale a row, in place of linear maps of the encoder. The classifier stays exact."""
    from torch.ao.quantization import per_channel_dynamic_qconfig, quantize_dynamic  # noqa: PLC0415 - rarely asked for

    named = network.base_model.named_modules()
    maps = rounding.chosen(name for name, module in named if isinstance(module, nn.Linear))
    if not maps:
        raise ConfigurationError(f"no linear map's name ends in {' or '.join(rounding.maps)}: correct the int8 maps")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # deprecated in favour of a package that has no CPU kernels for this
        quantize_dynamic(  # type: ignore[no-untyped-call]
            network.base_model, dict.fromkeys(maps, per_channel_dynamic_qconfig), inplace=True
        )


def _local_window(network: PreTrainedModel) -> int | None:
    """How far the encoder's local layers see, in tokens; None where all layers are global."""
    return getattr(network.config, "sliding_window", None)


def _array(tensor: Tensor) -> npt.NDArray[np.float32]:
    return tensor.float().cpu().numpy()


@contextmanager
def _one_thread() -> Iterator[None]:
    """No threads of torch's own while a model loads: they would stay, beside the lanes."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


@contextmanager
def _memory_errors() -> Iterator[None]:
    """Torch's ways to say that memory is out, as Python's."""
    try:
        yield
    except RuntimeError as error:
        if isinstance(error, torch.OutOfMemoryError) or any(sign in str(error).lower() for sign in _OUT_OF_MEMORY):
            raise MemoryError from error
        raise
