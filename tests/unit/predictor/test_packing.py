"""Packing, padding, and back."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from predictor.packing import Run, TokenSequence, pack, pad, portions, rectangles, unpack

lengths_strategy = st.lists(st.integers(1, 30), min_size=1, max_size=20)


def sequences(lengths: list[int]) -> list[TokenSequence]:
    ids = iter(range(1, sum(lengths) + 1))
    return [TokenSequence(np.array([next(ids) for _ in range(length)])) for length in lengths]


@given(lengths_strategy)
def test_what_is_packed_comes_apart_as_it_was(lengths: list[int]) -> None:
    packed = pack(sequences(lengths))
    parts = unpack(packed.input_ids, packed.lengths)
    assert [part.tolist() for part in parts] == [of_one.input_ids.tolist() for of_one in sequences(lengths)]


@given(lengths_strategy, st.integers(0, 5))
def test_positions_begin_anew_in_every_sequence(lengths: list[int], first: int) -> None:
    packed = pack(sequences(lengths), first)
    for part in unpack(packed.position_ids, lengths):
        assert part.tolist() == list(range(first, first + len(part)))


@given(lengths_strategy)
def test_runs_cover_every_token_once_and_hold_one_length_each(lengths: list[int]) -> None:
    runs = pack(sequences(lengths)).runs
    assert [run.length for run in runs for _ in range(run.sequences)] == lengths
    assert [run.start for run in runs] == [0, *(run.stop for run in runs)][:-1]
    assert runs[-1].stop == sum(lengths)


def test_neighbours_of_equal_length_form_a_run() -> None:
    assert pack(sequences([2, 2, 3])).runs == (Run(0, 2, 2), Run(4, 1, 3))


def test_boundaries_are_where_sequences_begin_and_the_end() -> None:
    boundaries = pack(sequences([2, 2, 3])).boundaries
    assert boundaries.tolist() == [0, 2, 4, 7]
    assert boundaries.dtype == np.int32


def test_token_types_that_nobody_sent_are_zero() -> None:
    with_types = TokenSequence(np.array([7, 8]), np.array([1, 2]))
    assert pack([*sequences([1]), with_types]).token_type_ids.tolist() == [0, 1, 2]


def test_padding_stands_on_the_right_and_is_masked() -> None:
    padded = pad([TokenSequence(np.array([7, 8, 9]), np.array([1, 1, 1])), *sequences([1])], padding_id=5)
    assert padded.input_ids.tolist() == [[7, 8, 9], [1, 5, 5]]
    assert padded.attention_mask.tolist() == [[1, 1, 1], [1, 0, 0]]
    assert padded.token_type_ids.tolist() == [[1, 1, 1], [0, 0, 0]]


@given(lengths_strategy, st.floats(0, 0.9))
def test_rectangles_cover_all_in_order_and_waste_no_more_than_allowed(lengths: list[int], waste: float) -> None:
    groups = [lengths[group] for group in rectangles(lengths, waste)]
    assert [length for group in groups for length in group] == lengths
    for group in groups:
        assert 1 - sum(group) / (len(group) * max(group)) <= waste


@pytest.mark.parametrize(
    ("waste", "expected"),
    [
        pytest.param(0.0, [[5, 5], [9]], id="no waste: equal lengths only"),
        pytest.param(0.5, [[5, 5, 9]], id="some waste: one rectangle"),
    ],
)
def test_waste_decides_how_many_rectangles(waste: float, expected: list[list[int]]) -> None:
    lengths = [5, 5, 9]
    assert [lengths[group] for group in rectangles(lengths, waste)] == expected


@given(st.lists(st.integers(1, 30), max_size=20), st.integers(1, 60))
def test_portions_hold_all_in_order_and_no_more_than_allowed_unless_alone(lengths: list[int], most: int) -> None:
    cut = list(portions(sequences(lengths), most))
    assert [len(sequence) for portion in cut for sequence in portion] == lengths
    for portion in cut:
        assert portion
        assert sum(map(len, portion)) <= most or len(portion) == 1
