"""The V2 messages of inference as protobuf ⇄ values. Bytes in, bytes out; no gRPC here.

Tensors travel typed (`contents`) or raw (`raw_input_contents`), never both in one message. An answer is raw if the
request was, or if an output is FP16, which has no typed form.
"""

import math
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from google.protobuf.message import DecodeError

from summit_inference.errors import InvalidRequest, TooLarge
from summit_inference.tensors import (
    Datatype,
    InferRequest,
    InferResponse,
    ModelMetadata,
    Parameter,
    RequestedOutput,
    Tensor,
    TensorSpec,
    bytes_array,
)
from summit_inference.v2_binary import array_from_raw, raw_from_array
from summit_inference.v2_findings import Findings
from summit_inference.v2_grpc_cost import check_cost
from summit_inference.v2_grpc_messages import message_class
from summit_inference.v2_limits import Limits
from summit_inference.v2_tensor import check_distinct, datatype_of, shape_of, text_of

_CONTENTS: dict[Datatype, str] = {
    Datatype.BOOL: "bool_contents",
    Datatype.INT8: "int_contents",
    Datatype.INT16: "int_contents",
    Datatype.INT32: "int_contents",
    Datatype.INT64: "int64_contents",
    Datatype.UINT8: "uint_contents",
    Datatype.UINT16: "uint_contents",
    Datatype.UINT32: "uint_contents",
    Datatype.UINT64: "uint64_contents",
    Datatype.FP32: "fp32_contents",
    Datatype.FP64: "fp64_contents",
    Datatype.BYTES: "bytes_contents",
}
_INT64_MAX = 2**63 - 1

_ModelInferRequest = message_class("ModelInferRequest")
_ModelInferResponse = message_class("ModelInferResponse")
_ModelMetadataResponse = message_class("ModelMetadataResponse")
_InferParameter = message_class("InferParameter")


def parsed(kind: Any, body: bytes) -> Any:
    """The message of this class.

    Raises:
        InvalidRequest: the body is none.
    """
    try:
        return kind.FromString(body)
    except DecodeError:
        raise InvalidRequest(f"The body is no {kind.DESCRIPTOR.full_name} message.") from None


def decode_request(body: bytes, limits: Limits) -> tuple[InferRequest, bool]:
    """The request in this ModelInferRequest, and whether its tensors are raw.

    Raises:
        InvalidRequest: it breaks the protocol; the message names every tensor at fault.
        TooLarge: it is over one of the limits.
    """
    check_cost(body, limits)
    message = parsed(_ModelInferRequest, body)
    raws = list(message.raw_input_contents)
    if raws and len(raws) != len(message.inputs):
        raise InvalidRequest(
            f"raw_input_contents has {len(raws)} entries for {len(message.inputs)} inputs; send one for each, in order."
        )
    findings = Findings()
    parameters: dict[str, Parameter] = {}
    with findings.at("request"):
        parameters = _parameters(message.parameters, limits)
    inputs = _inputs(message.inputs, raws, limits, findings)
    with findings.at("outputs"):
        _check_count(message.outputs, limits)
        check_distinct([output.name for output in message.outputs])
    findings.raise_any()
    outputs = tuple(RequestedOutput(output.name) for output in message.outputs)
    request = InferRequest(
        message.model_name, inputs, message.model_version or None, message.id or None, parameters, outputs
    )
    return request, bool(raws)


def encode_response(response: InferResponse, *, is_raw: bool) -> bytes:
    """The answer as a ModelInferResponse."""
    is_raw = is_raw or any(tensor.datatype is Datatype.FP16 for tensor in response.outputs)
    message = _ModelInferResponse(
        model_name=response.model_name, model_version=response.model_version or "", id=response.id or ""
    )
    _set_parameters(message, response.parameters)
    for tensor in response.outputs:
        output = message.outputs.add(name=tensor.name, datatype=tensor.datatype.value, shape=tensor.data.shape)
        _set_parameters(output, tensor.parameters)
        if is_raw:
            message.raw_output_contents.append(raw_from_array(tensor))
        elif tensor.data.size:
            getattr(output.contents, _CONTENTS[tensor.datatype]).extend(tensor.data.reshape(-1).tolist())
    encoded: bytes = message.SerializeToString()
    return encoded


def encode_metadata(metadata: ModelMetadata) -> bytes:
    """What a model says of itself, as a ModelMetadataResponse."""
    message = _ModelMetadataResponse(
        name=metadata.name,
        versions=metadata.versions,
        platform=metadata.platform,
        inputs=map(_spec, metadata.inputs),
        outputs=map(_spec, metadata.outputs),
        properties=metadata.properties,
    )
    encoded: bytes = message.SerializeToString()
    return encoded


def _spec(spec: TensorSpec) -> Any:
    kind = message_class("ModelMetadataResponse.TensorMetadata")
    return kind(name=spec.name, datatype=spec.datatype.value, shape=spec.shape)


def _inputs(messages: Any, raws: list[bytes], limits: Limits, findings: Findings) -> tuple[Tensor, ...]:
    tensors: list[Tensor] = []
    with findings.at("inputs"):
        _check_count(messages, limits)
        for index, message in enumerate(messages):
            with findings.at(f"inputs[{index}]"):
                tensors.append(_input(message, raws[index] if raws else None, limits))
        check_distinct([tensor.name for tensor in tensors])
    return tuple(tensors)


def _input(message: Any, raw: bytes | None, limits: Limits) -> Tensor:
    name = text_of({"name": message.name}, "name")
    datatype = datatype_of(message.datatype)
    shape = shape_of(list(message.shape), limits)
    if raw is None:
        array = _array_from_contents(message.contents, datatype, shape)
    elif message.contents.ListFields():
        raise InvalidRequest("has contents although the request has raw_input_contents; send one of the two.")
    else:
        array = array_from_raw(raw, datatype, shape)
    return Tensor(name, datatype, array, _parameters(message.parameters, limits))


def _array_from_contents(contents: Any, datatype: Datatype, shape: tuple[int, ...]) -> npt.NDArray[Any]:
    if datatype is Datatype.FP16:
        raise InvalidRequest("FP16 has no typed contents; send the tensors in raw_input_contents.")
    expected = _CONTENTS[datatype]
    if any(field.name != expected for field, _ in contents.ListFields()):
        raise InvalidRequest(f"has contents of another datatype; {datatype} belongs in {expected}.")
    elements = getattr(contents, expected)
    count = math.prod(shape)
    if len(elements) != count:
        raise InvalidRequest(f"has {len(elements)} elements in {expected}, where the shape says {count}.")
    if datatype is Datatype.BYTES:
        return bytes_array(list(elements), shape)
    return _narrowed(elements, datatype).reshape(shape)


def _narrowed(elements: Any, datatype: Datatype) -> npt.NDArray[Any]:
    kind = datatype.dtype.kind
    wide = np.fromiter(elements, dtype=f"{kind}8" if kind in "iu" else datatype.dtype, count=len(elements))
    if kind in "iu" and wide.size:
        bounds = np.iinfo(datatype.dtype)
        if wide.min() < bounds.min or wide.max() > bounds.max:
            raise InvalidRequest(f"has a number out of the range of {datatype}, {bounds.min} to {bounds.max}.")
    array = wide.astype(datatype.dtype, copy=False)
    array.setflags(write=False)
    return array


def _check_count(messages: Any, limits: Limits) -> None:
    if len(messages) > limits.max_tensors:
        raise TooLarge(f"has {len(messages)} items; at most {limits.max_tensors} are taken.")


def _parameters(messages: Mapping[str, Any], limits: Limits) -> dict[str, Parameter]:
    if len(messages) > limits.max_parameters:
        raise TooLarge(f"has {len(messages)} parameters; at most {limits.max_parameters} are taken.")
    return dict(_parameter_values(messages.items()))


def _parameter_values(items: Iterable[tuple[str, Any]]) -> Iterable[tuple[str, Parameter]]:
    for name, message in items:
        choice = message.WhichOneof("parameter_choice")
        value: Parameter | None = getattr(message, choice) if choice else None
        if value is None or (isinstance(value, float) and not math.isfinite(value)):
            raise InvalidRequest("has a parameter without a value, or with one that is not finite.")
        yield name, value


def _set_parameters(message: Any, parameters: Mapping[str, Parameter]) -> None:
    for name, value in parameters.items():
        message.parameters[name].CopyFrom(_InferParameter(**{_choice(value): value}))


def _choice(value: Parameter) -> str:
    if isinstance(value, bool):
        return "bool_param"
    if isinstance(value, int):
        return "int64_param" if value <= _INT64_MAX else "uint64_param"
    return "double_param" if isinstance(value, float) else "string_param"
