"""Arbitrary requests and answers, and whether two are the same."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from hypothesis import strategies as st

from summit_inference.tensors import (
    Datatype,
    InferRequest,
    InferResponse,
    RequestedOutput,
    Tensor,
    bytes_array,
)

_SHAPES = st.lists(st.integers(0, 3), max_size=3).map(tuple)
_NAMES = st.text(min_size=1, max_size=8)
_PARAMETERS = st.dictionaries(
    _NAMES.filter(lambda name: not name.startswith("binary_data")),
    st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8),
    max_size=3,
)
_IDS = st.none() | _NAMES
_RAW_BYTES = st.binary(max_size=8)
_UTF8 = st.text(max_size=4).map(str.encode)


@st.composite
def tensors(draw: st.DrawFn, name: str, *, in_json: bool) -> Tensor:
    """A tensor of any datatype and shape; only of such as JSON can carry, if `in_json`."""
    datatype = draw(st.sampled_from([one for one in Datatype if not in_json or one is not Datatype.FP16]))
    shape = draw(_SHAPES)
    parameters = draw(_PARAMETERS)
    count = int(np.prod(shape, dtype=int))
    if datatype is Datatype.BYTES:
        values = draw(st.lists(_UTF8 if in_json else _RAW_BYTES, min_size=count, max_size=count))
        return Tensor(name, datatype, bytes_array(values, shape), parameters)
    size = count * datatype.dtype.itemsize
    raw = np.frombuffer(draw(st.binary(min_size=size, max_size=size)), dtype=np.uint8)
    data = (raw & 1).astype(bool) if datatype is Datatype.BOOL else raw.view(datatype.dtype)
    if in_json and datatype.dtype.kind == "f":
        data = np.nan_to_num(data, posinf=0, neginf=0)
    elif datatype.dtype.kind == "f":
        data = np.where(np.isnan(data), datatype.dtype.type(np.nan), data)  # processors quieten signalling NaNs
    return Tensor(name, datatype, data.reshape(shape), parameters)


def _tensors(*, in_json: bool) -> st.SearchStrategy[tuple[Tensor, ...]]:
    names = st.lists(_NAMES, max_size=3, unique=True)
    return names.flatmap(lambda drawn: st.tuples(*(tensors(name, in_json=in_json) for name in drawn)))


def requests(*, in_json: bool) -> st.SearchStrategy[InferRequest]:
    """Any request for the model `m`."""
    outputs = st.lists(st.builds(RequestedOutput, _NAMES, st.none()), max_size=2, unique_by=lambda one: one.name)
    return st.builds(
        InferRequest,
        st.just("m"),
        _tensors(in_json=in_json),
        st.none(),
        _IDS,
        _PARAMETERS,
        outputs.map(tuple),
    )


def responses(*, in_json: bool) -> st.SearchStrategy[InferResponse]:
    """Any answer of the model `m`."""
    return st.builds(InferResponse, st.just("m"), _tensors(in_json=in_json), _IDS, _IDS, _PARAMETERS)


def _plain(tensor: Tensor) -> tuple[object, ...]:
    data = tensor.data
    content = list(data.flat) if tensor.datatype is Datatype.BYTES else data.tobytes()
    return tensor.name, tensor.datatype, data.shape, content, _typed(tensor.parameters)


def _typed(parameters: Mapping[str, Any]) -> dict[str, tuple[type, Any]]:
    return {name: (type(value), value) for name, value in parameters.items()}


def plain_request(request: InferRequest) -> tuple[object, ...]:
    """All of a request as values that compare, bit by bit."""
    return (
        request.model_name,
        request.model_version,
        request.id,
        _typed(request.parameters),
        request.outputs,
        [_plain(tensor) for tensor in request.inputs],
    )


def plain_response(response: InferResponse) -> tuple[object, ...]:
    """All of an answer as values that compare, bit by bit."""
    return (
        response.model_name,
        response.model_version,
        response.id,
        _typed(response.parameters),
        [_plain(tensor) for tensor in response.outputs],
    )
