"""The sequences on which packing is proven, and the measure of a difference."""

import numpy as np
import pytest

from predictor.placement import Precision
from predictor.self_check import check_sequences, relative_difference, tolerance


def test_they_fit_the_model_and_repeat_some_lengths() -> None:
    sequences = check_sequences(vocabulary=100, max_tokens=20, token_types=3, local_window=None)
    lengths = [len(sequence) for sequence in sequences]
    assert len(sequences) == 16
    assert lengths == sorted(lengths)
    assert max(lengths) == 20
    assert len(set(lengths)) < len(lengths)
    for sequence in sequences:
        assert 0 <= sequence.input_ids.min() <= sequence.input_ids.max() < 100
        assert sequence.token_type_ids is not None
        assert sequence.token_type_ids.max() < 3


def test_one_is_longer_than_a_local_layer_sees() -> None:
    sequences = check_sequences(vocabulary=100, max_tokens=8192, token_types=0, local_window=64)
    assert len(sequences[-1]) > 2 * 64


def test_a_vocabulary_of_a_few_tokens_is_enough() -> None:
    sequences = check_sequences(vocabulary=3, max_tokens=512, token_types=0, local_window=None)
    assert all(sequence.input_ids.max() < 3 for sequence in sequences)


def test_a_difference_is_measured_against_the_spread() -> None:
    expected = np.array([0.0, 10.0])
    assert relative_difference(expected, expected) == 0
    assert relative_difference(np.array([0.0, 11.0]), expected) == pytest.approx(0.2)


def test_what_is_no_number_differs_beyond_measure() -> None:
    assert relative_difference(np.array([0.0, np.nan]), np.array([0.0, 1.0])) == float("inf")


def test_half_precision_may_differ_more() -> None:
    assert tolerance(Precision.FLOAT32) < tolerance(Precision.BFLOAT16)
