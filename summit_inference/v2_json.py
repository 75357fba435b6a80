"""Tensor data as JSON ⇄ arrays. Nothing is coerced: an element that its datatype cannot hold is refused."""

import itertools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from summit_inference.errors import InvalidRequest
from summit_inference.tensors import Datatype, Tensor, bytes_array

_FLOATS = (Datatype.FP32, Datatype.FP64)
_ELEMENTS: dict[Datatype, tuple[frozenset[type], str]] = {
    datatype: (frozenset({int}), "whole numbers") for datatype in Datatype if datatype.startswith(("INT", "UINT"))
} | {
    Datatype.BOOL: (frozenset({bool}), "true or false"),
    Datatype.BYTES: (frozenset({str}), "strings"),
    Datatype.FP32: (frozenset({int, float}), "numbers"),
    Datatype.FP64: (frozenset({int, float}), "numbers"),
}
_KINDS: dict[type, str] = {
    bool: "a boolean", int: "a whole number", float: "a number that is not whole or over 64 bits", str: "a string",
    list: "a list", dict: "an object", type(None): "null",
}  # fmt: skip


def kind_of(value: object) -> str:
    """What a JSON value is, for a sentence; never the value itself."""
    return _KINDS[type(value)]


def array_from_json(data: object, datatype: Datatype, shape: tuple[int, ...]) -> npt.NDArray[Any]:
    """A read-only array of this shape, from `data` that is flat or nested as the shape says.

    Raises:
        InvalidRequest: the elements are not as many as the shape says, or not of the datatype.
    """
    if datatype is Datatype.FP16:
        raise InvalidRequest("FP16 has no JSON form; send the tensor as binary data (parameter binary_data_size).")
    elements = _flat(data, shape)
    _check_types(elements, datatype)
    if datatype is Datatype.BYTES:
        return bytes_array([element.encode() for element in elements], shape)
    if datatype not in _FLOATS and datatype is not Datatype.BOOL:
        _check_range(elements, datatype)
    with np.errstate(over="ignore"):
        array = np.array(elements, dtype=datatype.dtype).reshape(shape)
    if datatype in _FLOATS and not np.isfinite(array).all():
        raise InvalidRequest(f"data holds a number that is out of the range of {datatype}.")
    array.setflags(write=False)
    return array


def json_from_array(tensor: Tensor) -> object:
    """The tensor's elements in one flat list, or an array that orjson writes as one.

    Raises:
        InvalidRequest: JSON cannot carry them, so that the caller must ask for binary data.
    """
    if tensor.datatype is Datatype.FP16:
        raise InvalidRequest(_binary_only(tensor, "is FP16, which has no JSON form"))
    if tensor.datatype is Datatype.BYTES:
        return _strings(tensor)
    if tensor.datatype in _FLOATS and not np.isfinite(tensor.data).all():
        raise InvalidRequest(_binary_only(tensor, "holds NaN or an infinity, for which JSON has no form"))
    return np.ascontiguousarray(tensor.data.reshape(-1))


def _strings(tensor: Tensor) -> list[str]:
    try:
        return [element.decode() for element in tensor.data.flat]
    except UnicodeDecodeError:
        raise InvalidRequest(_binary_only(tensor, "holds bytes that are not UTF-8")) from None


def _binary_only(tensor: Tensor, reason: str) -> str:
    return f'Tensor "{tensor.name}" {reason}; ask for it as binary data (parameter binary_data or binary_data_output).'


def _flat(data: object, shape: tuple[int, ...]) -> Sequence[Any]:
    if not isinstance(data, list):
        if shape == ():
            return [data]
        raise InvalidRequest(f"data must be a list; found {kind_of(data)}.")
    if data and isinstance(data[0], list):
        return _flat_from_nested(data, shape)
    count = math.prod(shape)
    if len(data) != count:
        raise InvalidRequest(f"data has {len(data)} elements, where the shape says {count}.")
    return data


def _flat_from_nested(data: list[Any], shape: tuple[int, ...]) -> Sequence[Any]:
    elements: list[Any] = [data]
    for size in shape:
        if any(type(row) is not list or len(row) != size for row in elements):
            raise InvalidRequest("data is nested otherwise than the shape says; nest it by the shape, or send it flat.")
        elements = list(itertools.chain.from_iterable(elements))
    return elements


def _check_types(elements: Sequence[Any], datatype: Datatype) -> None:
    allowed, plural = _ELEMENTS[datatype]
    strangers = sorted(_KINDS[kind] for kind in set(map(type, elements)) - allowed)
    if strangers:
        raise InvalidRequest(f"data of {datatype} must be {plural}; found {strangers[0]}.")


def _check_range(elements: Sequence[int], datatype: Datatype) -> None:
    bounds = np.iinfo(datatype.dtype)
    if elements and not bounds.min <= min(elements) <= max(elements) <= bounds.max:
        raise InvalidRequest(f"data holds a number out of the range of {datatype}, {bounds.min} to {bounds.max}.")
