import numpy as np
import pytest

from summit_inference.errors import InvalidRequest, TooLarge
from summit_inference.tensors import Datatype
from summit_inference.v2_limits import Limits
from summit_inference.v2_tensor import (
    RawBytes,
    check_distinct,
    datatype_of,
    members_of,
    optional_text_of,
    parameters_of,
    shape_of,
    tensor_of,
    text_of,
)

_LIMITS = Limits(max_tensors=2, max_tensor_elements=10, max_dimensions=3, max_parameters=2)


def test_a_tensor_takes_its_bytes_and_keeps_its_other_parameters() -> None:
    raw = RawBytes(memoryview(b"\1\2rest"))
    parameters = {"binary_data_size": 2, "unit": "tokens"}
    tensor = tensor_of({"name": "a", "shape": [2], "datatype": "UINT8", "parameters": parameters}, raw, _LIMITS)
    assert tensor.data.tolist() == [1, 2]
    assert tensor.parameters == {"unit": "tokens"}
    assert bytes(raw.take(4)) == b"rest"


def test_a_faulty_tensor_does_not_shift_the_bytes_of_the_next() -> None:
    raw = RawBytes(memoryview(b"\1\2"))
    with pytest.raises(InvalidRequest, match="datatype"):
        tensor_of({"name": "a", "shape": [1], "parameters": {"binary_data_size": 1}}, raw, _LIMITS)
    assert bytes(raw.take(1)) == b"\2"


@pytest.mark.parametrize("members", [{}, {"data": [1], "parameters": {"binary_data_size": 1}}])
def test_a_tensor_has_data_or_bytes_and_not_both(members: dict[str, object]) -> None:
    tensor = {"name": "a", "shape": [1], "datatype": "UINT8", **members}
    with pytest.raises(InvalidRequest, match="either data or the parameter binary_data_size"):
        tensor_of(tensor, RawBytes(memoryview(b"\1")), _LIMITS)


@pytest.mark.parametrize("size", [-1, 1.0, "1", True])
def test_a_size_is_a_count_of_bytes(size: float | str) -> None:
    with pytest.raises(InvalidRequest, match="at least 0"):
        RawBytes(memoryview(b"abc")).take(size)


def test_more_bytes_than_there_are_cannot_be_taken() -> None:
    with pytest.raises(InvalidRequest, match="Inference-Header-Content-Length"):
        RawBytes(memoryview(b"abc")).take(4)


def test_bytes_that_nobody_takes_are_an_error() -> None:
    raw = RawBytes(memoryview(b"abc"))
    with pytest.raises(InvalidRequest, match="3 bytes"):
        raw.check_used()
    raw.take(3)
    raw.check_used()


def test_a_datatype_is_known_by_its_exact_name() -> None:
    assert datatype_of("FP32") is Datatype.FP32
    name: object
    for name in ("fp32", "Fp32", "FP32 ", "FLOAT", "", None, 1, []):
        with pytest.raises(InvalidRequest, match="capital letters"):
            datatype_of(name)


@pytest.mark.parametrize("shape", [[-1], [1.0], [True], ["1"], [[1]], [None], 1, None, "1", {}])
def test_a_shape_is_a_list_of_sizes(shape: object) -> None:
    with pytest.raises(InvalidRequest, match="at least 0"):
        shape_of(shape, _LIMITS)


@pytest.mark.parametrize("shape", [[11], [4, 3], [0, 11], [2**64, 2**64, 0], [1, 1, 1, 1]])
def test_a_shape_over_the_limits_is_too_large_even_if_it_is_empty(shape: list[int]) -> None:
    with pytest.raises(TooLarge):
        shape_of(shape, _LIMITS)


@pytest.mark.parametrize("shape", [[], [0], [10], [2, 5], [0, 10], [1, 1, 1]])
def test_a_shape_within_the_limits_is_taken(shape: list[int]) -> None:
    assert shape_of(shape, _LIMITS) == tuple(shape)


def test_a_required_text_is_there_and_not_empty() -> None:
    assert text_of({"name": "a"}, "name") == "a"
    for members in ({}, {"name": ""}, {"name": None}, {"name": 1}):
        with pytest.raises(InvalidRequest, match="name"):
            text_of(members, "name")


def test_an_optional_text_may_be_absent_or_null_or_empty() -> None:
    assert optional_text_of({}, "id") is None
    assert optional_text_of({"id": None}, "id") is None
    assert optional_text_of({"id": ""}, "id") == ""
    with pytest.raises(InvalidRequest, match="a whole number"):
        optional_text_of({"id": 1}, "id")


def test_a_list_is_no_longer_than_the_limit() -> None:
    assert members_of({}, "outputs", _LIMITS, required=False) == []
    assert members_of({"outputs": [1]}, "outputs", _LIMITS, required=False) == [1]
    with pytest.raises(InvalidRequest, match="required"):
        members_of({}, "inputs", _LIMITS, required=True)
    with pytest.raises(TooLarge, match="at most 2"):
        members_of({"inputs": [1, 2, 3]}, "inputs", _LIMITS, required=True)


def test_parameters_are_flat_and_few() -> None:
    assert parameters_of({}, _LIMITS) == {}
    assert parameters_of({"parameters": None}, _LIMITS) == {}
    assert parameters_of({"parameters": {"a": 1, "b": "x"}}, _LIMITS) == {"a": 1, "b": "x"}
    bad: object
    for bad in ([], "a", {"a": None}, {"a": []}, {"a": {}}):
        with pytest.raises(InvalidRequest, match="parameters must be an object"):
            parameters_of({"parameters": bad}, _LIMITS)
    with pytest.raises(TooLarge, match="at most 2"):
        parameters_of({"parameters": {"a": 1, "b": 2, "c": 3}}, _LIMITS)


def test_a_switch_among_the_parameters_is_boolean() -> None:
    assert parameters_of({"parameters": {"on": False}}, _LIMITS, switch="on") == {"on": False}
    with pytest.raises(InvalidRequest, match="the parameter on must be true or false"):
        parameters_of({"parameters": {"on": 0}}, _LIMITS, switch="on")


def test_names_differ() -> None:
    check_distinct(["a", "b"])
    with pytest.raises(InvalidRequest, match="same name"):
        check_distinct(["a", "b", "a"])


def test_what_is_no_object_is_named() -> None:
    with pytest.raises(InvalidRequest, match="found a list"):
        tensor_of([], RawBytes(memoryview(b"")), _LIMITS)


def test_json_data_may_hold_a_billion_only_if_the_limits_allow() -> None:
    tensor = {"name": "a", "shape": [3], "datatype": "INT64", "data": [1, 2, 10**9]}
    assert np.array_equal(tensor_of(tensor, RawBytes(memoryview(b"")), _LIMITS).data, [1, 2, 10**9])
