"""What a model computes before its first request, to prove that packing changes nothing in its answers.

Pure numpy; `model.py` runs it. Sixteen sequences: lengths that repeat and lengths that do not, and one beyond the reach
of the encoder's local layers, if it has any.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from predictor.packing import TokenSequence
from predictor.placement import Precision

_LENGTHS = (2, 3, 3, 5, 8, 8, 8, 11, 13, 16, 16, 19, 24, 24, 32)
_LONGEST = 64
_WINDOWS = 3  # of a local layer, which its longest sequence must span
_TOLERANCES = {Precision.FLOAT32: 1e-3, Precision.INT8: 1e-3, Precision.BFLOAT16: 1e-1}
"""Of the spread of the scores. Packing changes the order of sums; a sequence that sees its neighbour is off by about 1.

int8 is checked before it is quantised: then its scales depend on the batch, packed or not.
"""


def check_sequences(
    vocabulary: int, max_tokens: int, token_types: int, local_window: int | None, seed: int = 0
) -> list[TokenSequence]:
    """Sixteen sequences of random tokens, shortest first, that any encoder with these limits can take."""
    random = np.random.default_rng(seed)
    longest = max(_LONGEST, _WINDOWS * (local_window or 0))
    return [
        TokenSequence(
            input_ids=random.integers(min(_FIRST_ORDINARY_ID, vocabulary - 1), vocabulary, length),
            token_type_ids=random.integers(0, max(1, token_types), length),
        )
        for length in (min(length, max_tokens) for length in (*_LENGTHS, longest))
    ]


def relative_difference(found: npt.NDArray[Any], expected: npt.NDArray[Any]) -> float:
    """The largest difference between two arrays of scores, as a share of the spread of the expected ones."""
    if not np.isfinite(found).all():
        return float("inf")
    return float(np.abs(found - expected).max() / max(float(expected.std()), np.finfo(np.float32).tiny))


def tolerance(precision: Precision) -> float:
    """The relative difference that a precision explains."""
    return _TOLERANCES[precision]


_FIRST_ORDINARY_ID = 10
"""Padding ids are small, and RoBERTa gives them no position of their own: they do not belong in a text."""
