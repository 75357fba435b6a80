"""The tensor contract of the predictor: V2 tensors to token sequences, and labels back. Pure.

Two forms. Padded: `input_ids`, `attention_mask` and, optional, `token_type_ids`, all INT64 [B, T]; the mask's ones
stand together at the left. Packed: `input_ids` and, optional, `token_type_ids` INT64 [1, total] with `sequence_lengths`
INT64 [B].

Outputs `label_id` INT32 and `score` FP32 have the shape of `input_ids`; padding has label 0 and score 0.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from predictor.packing import TokenLabels, TokenSequence, unpack
from summit_inference.errors import InvalidRequest, TooLarge
from summit_inference.tensors import Datatype, InferRequest, Tensor, TensorSpec

INPUTS = (
    TensorSpec("input_ids", Datatype.INT64, (-1, -1)),
    TensorSpec("attention_mask", Datatype.INT64, (-1, -1)),
    TensorSpec("sequence_lengths", Datatype.INT64, (-1,)),
    TensorSpec("token_type_ids", Datatype.INT64, (-1, -1)),
)
OUTPUTS = (
    TensorSpec("label_id", Datatype.INT32, (-1, -1)),
    TensorSpec("score", Datatype.FP32, (-1, -1)),
)

Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class SequenceLimits:
    """What the model can take.

    Units: `vocabulary` and `token_types` are the counts of ids; `max_tokens` is of one sequence.
    """

    vocabulary: int
    token_types: int
    max_tokens: int
    max_sequences: int
    """Of one request."""


@dataclass(frozen=True, slots=True, eq=False)
class TokenRows:
    """The sequences of a request, and the form that its answer takes.

    Shapes: `is_token` is as `input_ids`: False is padding.
    """

    sequences: Sequence[TokenSequence]
    is_token: npt.NDArray[np.bool_]


def rows_of(request: InferRequest, limits: SequenceLimits) -> TokenRows:
    """The token sequences that a request asks about, in order.

    Raises:
        InvalidRequest: the tensors are not as the contract says; the sentence names all that is wrong with the first.
        TooLarge: more sequences, or longer ones, than the model takes.
    """
    names = {tensor.name for tensor in request.inputs}
    if unknown := sorted(names - {spec.name for spec in INPUTS}):
        raise InvalidRequest(f"The model has no input {unknown[0]}; send {', '.join(spec.name for spec in INPUTS)}.")
    if ("attention_mask" in names) == ("sequence_lengths" in names):
        raise InvalidRequest(
            "Send either attention_mask (padded form) or sequence_lengths (packed form), and not both."
        )
    ids = _integers(request, "input_ids", dimensions=2)
    types = _integers(request, "token_type_ids", dimensions=2) if "token_type_ids" in names else None
    if types is not None and types.shape != ids.shape:
        raise InvalidRequest(
            f"token_type_ids has shape {list(types.shape)}; it must be as input_ids, {list(ids.shape)}."
        )
    is_token, lengths = _padded(request, ids) if "attention_mask" in names else _packed(request, ids)
    _check_lengths(lengths, limits)
    flat_ids = _in_range("input_ids", ids[is_token], limits.vocabulary)
    flat_types = None if types is None else _in_range("token_type_ids", types[is_token], max(1, limits.token_types))
    return TokenRows(_sequences(flat_ids, flat_types, lengths), is_token)


def tensors_of(labels: Sequence[TokenLabels], rows: TokenRows) -> tuple[Tensor, Tensor]:
    """The outputs, in the form of the request."""
    label_id = np.zeros(rows.is_token.shape, np.int32)
    score = np.zeros(rows.is_token.shape, np.float32)
    if labels:
        label_id[rows.is_token] = np.concatenate([of_one.label_id for of_one in labels])
        score[rows.is_token] = np.concatenate([of_one.score for of_one in labels])
    return Tensor("label_id", Datatype.INT32, label_id), Tensor("score", Datatype.FP32, score)


def _integers(request: InferRequest, name: str, dimensions: int) -> Integers:
    tensor = request.input(name)
    if tensor is None:
        raise InvalidRequest(f"The input {name} is missing.")
    if tensor.datatype is not Datatype.INT64 or tensor.data.ndim != dimensions:
        raise InvalidRequest(
            f"{name} is {tensor.datatype} with {tensor.data.ndim} dimensions; it must be INT64 with {dimensions}."
        )
    return tensor.data


def _padded(request: InferRequest, ids: Integers) -> tuple[npt.NDArray[np.bool_], list[int]]:
    mask = _integers(request, "attention_mask", dimensions=2)
    if mask.shape != ids.shape:
        raise InvalidRequest(
            f"attention_mask has shape {list(mask.shape)}; it must be as input_ids, {list(ids.shape)}."
        )
    is_token = mask == 1
    if not (is_token | (mask == 0)).all():
        raise InvalidRequest("attention_mask must hold 1 for tokens and 0 for padding, and nothing else.")
    if (is_token[:, 1:] & ~is_token[:, :-1]).any():
        raise InvalidRequest("attention_mask has a 1 behind a 0; pad each row on its right.")
    return is_token, is_token.sum(axis=1).tolist()


def _packed(request: InferRequest, ids: Integers) -> tuple[npt.NDArray[np.bool_], list[int]]:
    lengths = _integers(request, "sequence_lengths", dimensions=1)
    if len(ids) != 1:
        raise InvalidRequest(f"input_ids has {len(ids)} rows; with sequence_lengths it must have one.")
    # Summed as Python's integers: numpy's would wrap around.
    if sum(listed := lengths.tolist()) != ids.size or any(length < 0 for length in listed):
        raise InvalidRequest(f"sequence_lengths must be 0 or more and sum to {ids.size}, the tokens of input_ids.")
    return np.ones(ids.shape, np.bool_), listed


def _check_lengths(lengths: Sequence[int], limits: SequenceLimits) -> None:
    if len(lengths) > limits.max_sequences:
        raise TooLarge(f"The request has {len(lengths)} sequences; send at most {limits.max_sequences}.")
    if (longest := max(lengths, default=0)) > limits.max_tokens:
        raise TooLarge(f"A sequence has {longest} tokens; the model takes {limits.max_tokens}: cut it into windows.")
    if 0 in lengths:
        raise InvalidRequest(f"Sequence {lengths.index(0)} has no tokens; leave it out.")


def _in_range(name: str, values: Integers, count: int) -> Integers:
    if values.size and not 0 <= values.min() <= values.max() < count:
        raise InvalidRequest(f"{name} must be from 0 to {count - 1}: the model has {count} of them.")
    return values


def _sequences(ids: Integers, types: Integers | None, lengths: Sequence[int]) -> list[TokenSequence]:
    if not lengths:
        return []
    columns: list[Sequence[Any]] = [unpack(ids, lengths)]
    columns.append([None] * len(lengths) if types is None else unpack(types, lengths))
    return [TokenSequence(*pair) for pair in zip(*columns, strict=True)]
