import struct

import numpy as np
import pytest

from summit_inference.errors import InvalidRequest
from summit_inference.tensors import Datatype, Tensor
from summit_inference.v2_binary import array_from_raw, raw_from_array


def test_fixed_size_elements_are_a_read_only_view_of_the_received_bytes() -> None:
    raw = struct.pack("<4f", 1, 2, 3, 4)
    array = array_from_raw(raw, Datatype.FP32, (2, 2))
    assert array.tolist() == [[1, 2], [3, 4]]
    assert not array.flags.writeable
    assert np.shares_memory(array, np.frombuffer(raw, dtype=np.uint8))


def test_bytes_that_can_be_written_still_give_a_read_only_array() -> None:
    assert not array_from_raw(memoryview(bytearray(4)), Datatype.INT32, (1,)).flags.writeable


@pytest.mark.parametrize("datatype", [one for one in Datatype if one is not Datatype.BYTES])
def test_a_byte_too_few_or_too_many_is_refused(datatype: Datatype) -> None:
    size = datatype.dtype.itemsize
    assert array_from_raw(bytes(2 * size), datatype, (2,)).shape == (2,)
    for wrong in (2 * size - 1, 2 * size + 1, 0):
        with pytest.raises(InvalidRequest, match=f"{2 * size}"):
            array_from_raw(bytes(wrong), datatype, (2,))


def test_a_boolean_is_one_byte_of_0_or_1() -> None:
    assert array_from_raw(b"\0\1", Datatype.BOOL, (2,)).tolist() == [False, True]
    with pytest.raises(InvalidRequest, match="0 and 1"):
        array_from_raw(b"\0\2", Datatype.BOOL, (2,))


def test_byte_strings_carry_their_length_and_keep_trailing_nuls() -> None:
    raw = b"\2\0\0\0a\0" + b"\0\0\0\0" + b"\1\0\0\0\xff"
    array = array_from_raw(raw, Datatype.BYTES, (3, 1))
    assert array.tolist() == [[b"a\0"], [b""], [b"\xff"]]
    assert raw_from_array(Tensor("t", Datatype.BYTES, array)) == raw


@pytest.mark.parametrize(
    ("raw", "count"),
    [
        pytest.param(b"\2\0\0\0a", 1, id="the last element is cut"),
        pytest.param(b"\1\0\0", 1, id="the length is cut"),
        pytest.param(b"\1\0\0\0a", 2, id="an element is missing"),
        pytest.param(b"\1\0\0\0ab", 1, id="a byte too many"),
        pytest.param(b"\xff\xff\xff\xff", 1, id="a length of 4 GiB"),
        pytest.param(b"", 2**40, id="a claim of many elements"),
    ],
)
def test_byte_strings_that_do_not_fill_their_bytes_are_refused(raw: bytes, count: int) -> None:
    with pytest.raises(InvalidRequest, match="binary data"):
        array_from_raw(raw, Datatype.BYTES, (count,))


def test_arrays_of_any_layout_are_written_row_by_row() -> None:
    turned = np.array([[1, 2], [3, 4]], dtype="<i2").T
    assert raw_from_array(Tensor("t", Datatype.INT16, turned)) == struct.pack("<4h", 1, 3, 2, 4)
