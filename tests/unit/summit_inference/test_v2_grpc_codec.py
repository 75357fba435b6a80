import math
from typing import Any

import numpy as np
import pytest

from summit_inference.errors import InvalidRequest, TooLarge
from summit_inference.tensors import Datatype, InferResponse, ModelMetadata, Tensor, TensorSpec
from summit_inference.v2_grpc_codec import decode_request, encode_metadata, encode_response, parsed
from summit_inference.v2_grpc_messages import message_class
from summit_inference.v2_limits import Limits

_LIMITS = Limits(max_tensors=3, max_parameters=3)
_RAW = {"name": "a", "datatype": "INT16", "shape": [2]}
_TYPED = {**_RAW, "contents": {"int_contents": [1, 2]}}


def body(**fields: Any) -> bytes:
    encoded: bytes = message_class("ModelInferRequest")(model_name="m", **fields).SerializeToString()
    return encoded


def test_a_raw_tensor_is_a_view_and_its_answer_is_to_be_raw() -> None:
    request, is_raw = decode_request(body(inputs=[_RAW], raw_input_contents=[b"\1\0\2\0"]), _LIMITS)
    assert is_raw
    assert request.inputs[0].data.tolist() == [1, 2]
    assert not request.inputs[0].data.flags.writeable


def test_a_typed_tensor_is_of_its_datatype() -> None:
    request, is_raw = decode_request(body(inputs=[_TYPED]), _LIMITS)
    assert not is_raw
    assert request.inputs[0].data.dtype == np.int16
    assert not request.inputs[0].data.flags.writeable


def test_empty_strings_are_unset() -> None:
    request, _ = decode_request(body(inputs=[_TYPED]), _LIMITS)
    assert (request.id, request.model_version) == (None, None)


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        pytest.param({"inputs": [{**_TYPED, "name": ""}]}, "name is required", id="no name"),
        pytest.param({"inputs": [{**_TYPED, "datatype": "int16"}]}, "capital", id="another case"),
        pytest.param({"inputs": [{**_TYPED, "shape": [-2]}]}, "at least 0", id="a negative size"),
        pytest.param({"inputs": [{**_TYPED, "shape": [3]}]}, "has 2 elements", id="too few"),
        pytest.param({"inputs": [_RAW]}, "has 0 elements", id="no contents"),
        pytest.param({"inputs": [{**_TYPED, "datatype": "INT64"}]}, "int64_contents", id="another field"),
        pytest.param({"inputs": [{**_TYPED, "datatype": "FP16"}]}, "raw_input_contents", id="typed half floats"),
        pytest.param({"inputs": [{**_RAW, "contents": {"int_contents": [1, 2**15]}}]}, "range of INT16", id="range"),
        pytest.param({"inputs": [_TYPED, _TYPED]}, "same name", id="a name twice"),
        pytest.param({"inputs": [_TYPED], "raw_input_contents": [b"\1\0\2\0"]}, "one of the two", id="raw and typed"),
        pytest.param({"inputs": [_RAW], "raw_input_contents": [b"", b""]}, "2 entries for 1 inputs", id="raw count"),
        pytest.param({"inputs": [_RAW], "raw_input_contents": [b"\1"]}, "has 1 bytes", id="raw size"),
        pytest.param({"inputs": [], "parameters": {"p": {}}}, "without a value", id="an empty parameter"),
        pytest.param({"parameters": {"p": {"double_param": math.nan}}}, "not finite", id="a parameter that is NaN"),
        pytest.param({"outputs": [{"name": "a"}, {"name": "a"}]}, "same name", id="an output twice"),
    ],
)
def test_a_request_against_the_protocol_is_refused(fields: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InvalidRequest, match=sentence):
        decode_request(body(**fields), _LIMITS)


@pytest.mark.parametrize(
    "fields",
    [
        {"inputs": [{**_TYPED, "name": str(index)} for index in range(4)]},
        {"outputs": [{"name": str(index)} for index in range(4)]},
        {"parameters": {str(index): {"int64_param": 1} for index in range(4)}},
        {"inputs": [{**_TYPED, "shape": [2**40]}]},
    ],
    ids=["inputs", "outputs", "parameters", "elements"],
)
def test_a_request_over_a_limit_is_too_large(fields: dict[str, Any]) -> None:
    with pytest.raises(TooLarge):
        decode_request(body(**fields), _LIMITS)


def test_bytes_that_are_no_message_are_refused() -> None:
    with pytest.raises(InvalidRequest, match=r"inference\.ModelReadyRequest"):
        parsed(message_class("ModelReadyRequest"), b"\x0a\x05abc")


def answer(*outputs: Tensor, is_raw: bool, **fields: Any) -> Any:
    return message_class("ModelInferResponse").FromString(
        encode_response(InferResponse("m", outputs, **fields), is_raw=is_raw)
    )


def test_an_answer_is_typed_or_raw_as_its_request_was() -> None:
    tensor = Tensor("a", Datatype.UINT8, np.array([[1], [2]], dtype="u1"))
    typed, raw = answer(tensor, is_raw=False), answer(tensor, is_raw=True)
    assert list(typed.outputs[0].contents.uint_contents) == [1, 2]
    assert list(typed.raw_output_contents) == []
    assert list(raw.raw_output_contents) == [b"\1\2"]
    assert not raw.outputs[0].HasField("contents")
    assert list(raw.outputs[0].shape) == [2, 1]


def test_one_output_of_half_floats_makes_the_answer_raw() -> None:
    half = Tensor("h", Datatype.FP16, np.zeros(1, dtype="<f2"))
    assert len(answer(Tensor.of_bytes("t", [b"x"]), half, is_raw=False).raw_output_contents) == 2


@pytest.mark.parametrize(
    ("value", "choice"),
    [
        (True, "bool_param"),
        (-(2**63), "int64_param"),
        (2**63 - 1, "int64_param"),
        (2**63, "uint64_param"),
        (0.5, "double_param"),
        ("x", "string_param"),
    ],
)
def test_a_parameter_is_of_the_kind_of_its_value(value: bool | float | str, choice: str) -> None:  # noqa: FBT001
    parameter = answer(is_raw=False, parameters={"p": value}).parameters["p"]
    assert parameter.WhichOneof("parameter_choice") == choice
    assert getattr(parameter, choice) == value


def test_metadata_says_all_that_the_model_says() -> None:
    spec = TensorSpec("x", Datatype.FP32, (-1, 2))
    metadata = ModelMetadata("m", ("1", "2"), "toy", (spec,), (spec,), {"origin": "tests"})
    message = message_class("ModelMetadataResponse").FromString(encode_metadata(metadata))
    assert (message.name, list(message.versions), message.platform) == ("m", ["1", "2"], "toy")
    assert dict(message.properties) == {"origin": "tests"}
    for tensor in (*message.inputs, *message.outputs):
        assert (tensor.name, tensor.datatype, list(tensor.shape)) == ("x", "FP32", [-1, 2])
