"""What one side encodes, the other decodes to the same bits: JSON, binary data, protobuf typed and raw."""

from dataclasses import replace

import numpy as np
from contract.v2 import wire
from contract.v2.strategies import plain_request, plain_response, requests, responses
from hypothesis import given, settings
from hypothesis import strategies as st

from summit_inference.tensors import Datatype, InferRequest, InferResponse, Tensor
from summit_inference.v2 import decode_request, decode_response, encode_request, encode_response, json_length_of
from summit_inference.v2_grpc_codec import decode_request as decode_grpc_request
from summit_inference.v2_grpc_codec import encode_response as encode_grpc_response
from summit_inference.v2_grpc_messages import message_class
from summit_inference.v2_limits import Limits

_LIMITS = Limits()
_settings = settings(max_examples=150, deadline=None)


def _set(message: object, parameters: object) -> None:
    """Set the parameters of a protobuf message, apart from the product's own way."""
    fields = {bool: "bool_param", float: "double_param", str: "string_param"}
    for name, value in dict(parameters).items():  # type: ignore[call-overload]
        field = fields.get(type(value)) or ("int64_param" if value < 2**63 else "uint64_param")
        setattr(message.parameters[name], field, value)  # type: ignore[attr-defined]


def grpc_body(request: InferRequest, *, is_raw: bool) -> bytes:
    """The request as a caller's protobuf."""
    message = message_class("ModelInferRequest")(model_name=request.model_name, id=request.id or "")
    _set(message, request.parameters)
    for tensor in request.inputs:
        added = message.inputs.add(name=tensor.name, datatype=tensor.datatype, shape=tensor.data.shape)
        _set(added, tensor.parameters)
        items = tensor.data.reshape(-1).tolist()
        if is_raw:
            message.raw_input_contents.append(wire.raw(tensor.datatype, items))
        else:
            getattr(added.contents, wire.CONTENTS[tensor.datatype]).extend(items)
    for output in request.outputs:
        message.outputs.add(name=output.name)
    body: bytes = message.SerializeToString()
    return body


@_settings
@given(requests(in_json=True))
def test_a_request_in_json_is_decoded_to_what_it_was(request: InferRequest) -> None:
    body, headers = encode_request(request, is_binary=False)
    decoded = decode_request("m", None, body, json_length_of(headers), _LIMITS)
    assert plain_request(decoded) == plain_request(request)


@_settings
@given(requests(in_json=False))
def test_a_request_with_binary_data_is_decoded_to_what_it_was(request: InferRequest) -> None:
    body, headers = encode_request(request)
    decoded = decode_request("m", None, body, json_length_of(headers), _LIMITS)
    asked = replace(request, parameters={"binary_data_output": True, **request.parameters})
    assert plain_request(decoded) == plain_request(asked)


@_settings
@given(responses(in_json=True))
def test_an_answer_in_json_is_decoded_to_what_it_was(response: InferResponse) -> None:
    body, headers = encode_response(response, InferRequest("m", ()))
    assert plain_response(decode_response(body, json_length_of(headers), _LIMITS)) == plain_response(response)


@_settings
@given(responses(in_json=False))
def test_an_answer_with_binary_data_is_decoded_to_what_it_was(response: InferResponse) -> None:
    body, headers = encode_response(response, InferRequest("m", (), parameters={"binary_data_output": True}))
    assert plain_response(decode_response(body, json_length_of(headers), _LIMITS)) == plain_response(response)


@_settings
@given(requests(in_json=False))
def test_a_raw_grpc_request_is_decoded_to_what_it_was(request: InferRequest) -> None:
    decoded, is_raw = decode_grpc_request(grpc_body(request, is_raw=True), _LIMITS)
    assert plain_request(decoded) == plain_request(request)
    assert is_raw == bool(request.inputs)


@_settings
@given(requests(in_json=True))
def test_a_typed_grpc_request_is_decoded_to_what_it_was(request: InferRequest) -> None:
    decoded, is_raw = decode_grpc_request(grpc_body(request, is_raw=False), _LIMITS)
    assert plain_request(decoded) == plain_request(request)
    assert not is_raw


@_settings
@given(responses(in_json=True), st.booleans())
def test_a_grpc_answer_says_what_it_is_to_say(response: InferResponse, is_raw: bool) -> None:  # noqa: FBT001
    message = message_class("ModelInferResponse").FromString(encode_grpc_response(response, is_raw=is_raw))
    assert message.model_name == response.model_name
    assert (message.model_version or None, message.id or None) == (response.model_version, response.id)
    assert bool(message.raw_output_contents) == (is_raw and bool(response.outputs))
    expected = {one.name: (one.datatype, one.data.shape, one.data.reshape(-1).tolist()) for one in response.outputs}
    assert wire.grpc_answer(message) == expected


@_settings
@given(responses(in_json=False))
def test_a_grpc_answer_with_half_floats_is_raw(response: InferResponse) -> None:
    half = Tensor("half", Datatype.FP16, np.ones(2, dtype="<f2"))
    message = encode_grpc_response(replace(response, outputs=(*response.outputs, half)), is_raw=False)
    assert len(message_class("ModelInferResponse").FromString(message).raw_output_contents) == len(response.outputs) + 1
