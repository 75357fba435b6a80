import numpy as np
import orjson
import pytest

from summit_inference.errors import InvalidRequest
from summit_inference.tensors import Datatype, Tensor
from summit_inference.v2_json import array_from_json, json_from_array


@pytest.mark.parametrize(
    ("data", "shape"),
    [
        pytest.param([1, 2, 3, 4], (2, 2), id="flat"),
        pytest.param([[1, 2], [3, 4]], (2, 2), id="nested"),
        pytest.param([[[1], [2]], [[3], [4]]], (2, 2, 1), id="nested three times"),
    ],
)
def test_data_is_flat_or_nested_as_the_shape_says(data: object, shape: tuple[int, ...]) -> None:
    array = array_from_json(data, Datatype.INT8, shape)
    assert array.shape == shape
    assert array.reshape(-1).tolist() == [1, 2, 3, 4]
    assert not array.flags.writeable


@pytest.mark.parametrize(
    ("data", "shape"),
    [
        pytest.param([1, 2, 3], (2, 2), id="too few"),
        pytest.param([[1, 2, 3, 4]], (2, 2), id="nested otherwise"),
        pytest.param([[1, 2], [3]], (2, 2), id="ragged"),
        pytest.param([[1, 2], 3], (2, 2), id="half nested"),
        pytest.param([1, [2]], (2,), id="a list for an element"),
        pytest.param([[1], [2]], (2,), id="nested deeper than the shape"),
        pytest.param(1, (1,), id="no list"),
        pytest.param({"a": 1}, (1,), id="an object"),
        pytest.param("ab", (2,), id="a string"),
    ],
)
def test_data_of_another_form_is_refused(data: object, shape: tuple[int, ...]) -> None:
    with pytest.raises(InvalidRequest):
        array_from_json(data, Datatype.INT8, shape)


@pytest.mark.parametrize("data", [5, [5]])
def test_a_scalar_is_an_element_or_a_list_of_one(data: object) -> None:
    array = array_from_json(data, Datatype.INT64, ())
    assert array.shape == ()
    assert array == 5


@pytest.mark.parametrize(("data", "shape"), [([], (0,)), ([], (0, 2)), ([], (2, 0)), ([[], []], (2, 0))])
def test_an_empty_tensor_keeps_its_shape(data: object, shape: tuple[int, ...]) -> None:
    assert array_from_json(data, Datatype.FP32, shape).shape == shape
    assert array_from_json(data, Datatype.BYTES, shape).shape == shape


@pytest.mark.parametrize(
    ("datatype", "element", "found"),
    [
        (Datatype.INT8, 1.0, "not whole"),
        (Datatype.INT64, 1e20, "not whole or over 64 bits"),
        (Datatype.INT8, True, "a boolean"),
        (Datatype.UINT8, "1", "a string"),
        (Datatype.BOOL, 1, "a whole number"),
        (Datatype.FP32, True, "a boolean"),
        (Datatype.FP64, None, "null"),
        (Datatype.BYTES, 1, "a whole number"),
        (Datatype.BYTES, {}, "an object"),
    ],
)
def test_an_element_of_another_type_is_named_and_not_coerced(datatype: Datatype, element: object, found: str) -> None:
    with pytest.raises(InvalidRequest, match=found):
        array_from_json([element], datatype, (1,))


@pytest.mark.parametrize("bits", [8, 16, 32, 64])
def test_whole_numbers_reach_to_the_ends_of_their_range_and_not_beyond(bits: int) -> None:
    ends = {
        Datatype(f"INT{bits}"): (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1),
        Datatype(f"UINT{bits}"): (0, 2**bits - 1),
    }
    for datatype, (low, high) in ends.items():
        assert array_from_json([low, high], datatype, (2,)).tolist() == [low, high]
        for beyond in (low - 1, high + 1):
            with pytest.raises(InvalidRequest, match=f"{low} to {high}"):
                array_from_json([beyond], datatype, (1,))


def test_floats_are_rounded_to_their_precision_but_never_to_infinity() -> None:
    assert array_from_json([0.1, 2], Datatype.FP32, (2,)).tolist() == [np.float32(0.1), 2]
    with pytest.raises(InvalidRequest, match="range of FP32"):
        array_from_json([1e39], Datatype.FP32, (1,))


def test_half_floats_are_sent_to_binary_data_both_ways() -> None:
    with pytest.raises(InvalidRequest, match="binary"):
        array_from_json([1], Datatype.FP16, (1,))
    with pytest.raises(InvalidRequest, match="binary"):
        json_from_array(Tensor("t", Datatype.FP16, np.zeros(1, dtype="<f2")))


@pytest.mark.parametrize("number", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("datatype", [Datatype.FP32, Datatype.FP64])
def test_what_json_has_no_form_for_is_refused_and_never_null(datatype: Datatype, number: float) -> None:
    with pytest.raises(InvalidRequest, match=r'"t".*binary'):
        json_from_array(Tensor("t", datatype, np.array([0, number], dtype=datatype.dtype)))


def test_bytes_that_are_no_utf8_are_refused() -> None:
    assert json_from_array(Tensor.of_bytes("t", ["é".encode(), b""])) == ["é", ""]
    with pytest.raises(InvalidRequest, match="UTF-8"):
        json_from_array(Tensor.of_bytes("t", [b"\xff"]))


def test_arrays_of_any_layout_are_written_row_by_row() -> None:
    turned = np.array([[1, 2], [3, 4]], dtype="<i4").T
    written = json_from_array(Tensor("t", Datatype.INT32, turned))
    assert orjson.dumps(written, option=orjson.OPT_SERIALIZE_NUMPY) == b"[1,3,2,4]"
