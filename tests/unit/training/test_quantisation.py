import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from training.quantisation import GROUP, quantised, restored

ARRAYS = hnp.arrays(np.float32, st.tuples(st.integers(1, 4), st.just(GROUP)), elements=st.floats(-1, 1, width=32))


@given(ARRAYS)
def test_no_number_is_off_by_more_than_a_step_of_its_group(values: npt.NDArray[np.float32]) -> None:
    step = np.abs(values).max(axis=1, keepdims=True) / 7
    # A smaller scale may clip the largest number: never by more than four tenths of it.
    assert (np.abs(restored(quantised(values), values.shape) - values) <= 0.4 * 7 * step + 1e-6).all()


def test_the_error_is_a_tenth_of_what_is_stored() -> None:
    values = np.random.default_rng(0).normal(scale=1e-3, size=(64, 64)).astype(np.float32)
    error = restored(quantised(values), values.shape) - values
    assert np.sqrt(np.square(error).mean()) < 0.1 * values.std()


def test_numbers_that_four_bits_can_hold_come_back_unchanged() -> None:
    values = np.resize(np.arange(-7, 8, dtype=np.float32), (2, GROUP)) * 0.5
    assert (restored(quantised(values), values.shape) == values).all()


def test_zeros_stay_zero() -> None:
    assert not restored(quantised(np.zeros((1, GROUP), np.float32)), (GROUP,)).any()


def test_half_a_byte_a_number_and_two_bytes_a_group() -> None:
    packed = quantised(np.ones((3, GROUP), np.float32))
    assert packed.nibbles.nbytes == 3 * GROUP // 2
    assert packed.scales.nbytes == 3 * 2


def test_a_count_that_makes_no_whole_groups_is_refused() -> None:
    with pytest.raises(ValueError, match="reshape"):
        quantised(np.ones(GROUP + 1, np.float32))
