"""Token sequences laid end to end, with no padding between them, and their labels cut apart again.

Pure numpy; the model's file turns the arrays into tensors. Sequences of equal length that stand side by side form a
run, for which attention is one call: sort by length before packing.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True, eq=False)
class TokenSequence:
    """The tokens of one text (or of one window of a long text), special tokens included.

    Shapes: both arrays are [T], T at least 1.
    """

    input_ids: npt.NDArray[np.int64]
    token_type_ids: npt.NDArray[np.int64] | None = None
    """None: all 0."""

    def __len__(self) -> int:
        return len(self.input_ids)


@dataclass(frozen=True, slots=True, eq=False)
class TokenLabels:
    """The label of every token, and its probability.

    Shapes: both arrays are [T].
    """

    label_id: npt.NDArray[np.int32]
    score: npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Run:
    """Sequences of equal length, side by side, from token `start` on."""

    start: int
    sequences: int
    length: int

    @property
    def stop(self) -> int:
        """The first token behind it."""
        return self.start + self.sequences * self.length


@dataclass(frozen=True, slots=True, eq=False)
class Packed:
    """Several sequences as one.

    Shapes: the arrays are [total]; `lengths` has an entry a sequence and sums to total.
    """

    input_ids: npt.NDArray[np.int64]
    token_type_ids: npt.NDArray[np.int64]
    position_ids: npt.NDArray[np.int64]
    lengths: tuple[int, ...]

    @property
    def runs(self) -> tuple[Run, ...]:
        """The sequences, neighbours of equal length together."""
        return tuple(_runs(self.lengths))

    @property
    def boundaries(self) -> npt.NDArray[np.int32]:
        """Where each sequence starts, and the end [B + 1]: the `cu_seqlens` of variable-length attention kernels."""
        return np.cumsum((0, *self.lengths), dtype=np.int32)


@dataclass(frozen=True, slots=True, eq=False)
class Padded:
    """Several sequences as a rectangle, each padded on its right.

    Shapes: the arrays are [B, T].
    """

    input_ids: npt.NDArray[np.int64]
    token_type_ids: npt.NDArray[np.int64]
    attention_mask: npt.NDArray[np.int64]


def pack(sequences: Sequence[TokenSequence], first_position: int = 0) -> Packed:
    """The sequences end to end; positions begin at `first_position` in each."""
    lengths = tuple(map(len, sequences))
    return Packed(
        input_ids=np.concatenate([sequence.input_ids for sequence in sequences]),
        token_type_ids=np.concatenate([_token_types(sequence) for sequence in sequences]),
        position_ids=np.concatenate([np.arange(first_position, first_position + length) for length in lengths]),
        lengths=lengths,
    )


def unpack(values: npt.NDArray[Any], lengths: Sequence[int]) -> list[npt.NDArray[Any]]:
    """`values` [total, …] cut into one view a sequence, each [T, …]."""
    return np.split(values, np.cumsum(lengths)[:-1])


def pad(sequences: Sequence[TokenSequence], padding_id: int) -> Padded:
    """The sequences as a rectangle as wide as the longest."""
    shape = (len(sequences), max(map(len, sequences)))
    padded = Padded(np.full(shape, padding_id, np.int64), np.zeros(shape, np.int64), np.zeros(shape, np.int64))
    for row, sequence in enumerate(sequences):
        padded.input_ids[row, : len(sequence)] = sequence.input_ids
        padded.token_type_ids[row, : len(sequence)] = _token_types(sequence)
        padded.attention_mask[row, : len(sequence)] = 1
    return padded


def rectangles(lengths: Sequence[int], waste: float) -> Iterator[slice]:
    """The sequences cut into groups of neighbours that pad by at most the share `waste` of their rectangle.

    Sorted by length, a batch makes few groups; a sequence that fits no neighbour is a group of its own.
    """
    start = 0
    for stop in range(1, len(lengths) + 1):
        if stop == len(lengths) or _waste(lengths[start : stop + 1]) > waste:
            yield slice(start, stop)
            start = stop


def portions(sequences: Sequence[TokenSequence], max_tokens: int) -> Iterator[Sequence[TokenSequence]]:
    """The sequences cut into stretches of at most `max_tokens`; a longer sequence is a stretch of its own."""
    start = tokens = 0
    for at, sequence in enumerate(sequences):
        if at > start and tokens + len(sequence) > max_tokens:
            yield sequences[start:at]
            start, tokens = at, 0
        tokens += len(sequence)
    if sequences:
        yield sequences[start:]


def _waste(lengths: Sequence[int]) -> float:
    return 1 - sum(lengths) / (len(lengths) * max(lengths))


def _token_types(sequence: TokenSequence) -> npt.NDArray[np.int64]:
    return np.zeros(len(sequence), np.int64) if sequence.token_type_ids is None else sequence.token_type_ids


def _runs(lengths: Sequence[int]) -> Iterator[Run]:
    start = 0
    for length, group in groupby(lengths):
        run = Run(start, len(list(group)), length)
        yield run
        start = run.stop
