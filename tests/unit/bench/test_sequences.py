"""Texts in batches."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.sequences import apart, budgeted
from predictor.packing import TokenSequence
from transformers_stage.pipeline import TokenSequences


def _sequence(length: int) -> TokenSequence:
    return TokenSequence(np.arange(length, dtype=np.int64))


@settings(max_examples=30)
@given(st.lists(st.integers(1, 600), min_size=1, max_size=50))
def test_every_text_is_in_one_batch_and_no_batch_of_several_is_over_the_budget(lengths: list[int]) -> None:
    batches = budgeted([_sequence(length) for length in lengths], 512)
    assert sorted(len(text) for batch in batches for text in batch) == sorted(lengths)
    assert all(len(batch) == 1 or sum(map(len, batch)) <= 512 for batch in batches)
    assert all(list(map(len, batch)) == sorted(map(len, batch)) for batch in batches)


@pytest.mark.parametrize("has_types", [True, False])
def test_what_was_laid_end_to_end_comes_apart(has_types: bool) -> None:  # noqa: FBT001 - a case
    ids = np.arange(5, dtype=np.int64)
    first, second = apart(TokenSequences(ids, np.asarray([2, 3], np.int64), ids * 10 if has_types else None))
    assert first.input_ids.tolist() == [0, 1]
    assert second.input_ids.tolist() == [2, 3, 4]
    assert (second.token_type_ids is not None) == has_types
