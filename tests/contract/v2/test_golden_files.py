"""The wire does not change unnoticed: golden requests are read, and golden answers written, byte by byte."""

import json
from pathlib import Path

import numpy as np
import pytest
from contract.v2.strategies import plain_request, plain_response

from summit_inference.tensors import Datatype, InferRequest, InferResponse, RequestedOutput, Tensor, bytes_array
from summit_inference.v2 import decode_request, decode_response, encode_response, json_length_of
from summit_inference.v2_grpc_codec import decode_request as decode_grpc_request
from summit_inference.v2_grpc_codec import encode_response as encode_grpc_response
from summit_inference.v2_grpc_messages import message_class
from summit_inference.v2_limits import Limits

_FILES = Path(__file__).parents[2] / "testdata" / "v2"
_LIMITS = Limits()

REQUEST = InferRequest(
    "m",
    (
        Tensor.of_bytes("text", ["Angela Merkel in Zürich".encode(), b"", b"a\0b"]),
        Tensor(
            "input_ids",
            Datatype.INT64,
            np.array([[1, -2, 2**53 + 1], [0, 7, -(2**63)]], dtype="<i8"),
            {"padding": "none"},
        ),
        Tensor("score", Datatype.FP32, np.array([[0.5, -2.25]], dtype="<f4")),
        Tensor("flag", Datatype.BOOL, np.array([True, False])),
    ),
    id="golden 1",
    parameters={"priority": 3, "trace": True},
    outputs=(RequestedOutput("label"),),
)
RESPONSE = InferResponse(
    "summit-extract",
    (
        Tensor("text_index", Datatype.INT32, np.zeros(2, dtype="<i4")),
        Tensor("label", Datatype.BYTES, bytes_array([b"PER", b"LOC"], (2,))),
        Tensor("score", Datatype.FP32, np.array([0.998, 0.5], dtype="<f4")),
    ),
    "3",
    "golden 1",
    {"degraded": False, "run_id": "r"},
)


def golden(name: str) -> bytes:
    return (_FILES / name).read_bytes()


def headers(name: str) -> dict[str, str]:
    read: dict[str, str] = json.loads(golden(name))
    return read


@pytest.mark.parametrize("name", ["request-flat.json", "request-nested.json"])
def test_golden_requests_in_json_are_read(name: str) -> None:
    assert plain_request(decode_request("m", None, golden(name), None, _LIMITS)) == plain_request(REQUEST)


def test_the_golden_request_with_binary_data_is_read() -> None:
    json_length = json_length_of(headers("request-binary.headers.json"))
    decoded = decode_request("m", None, golden("request-binary.body"), json_length, _LIMITS)
    assert plain_request(decoded) == plain_request(REQUEST)


@pytest.mark.parametrize(("name", "is_raw"), [("request-raw.protobuf", True), ("request-typed.protobuf", False)])
def test_golden_grpc_requests_are_read(name: str, is_raw: bool) -> None:  # noqa: FBT001 -- a parameter of the case
    decoded, was_raw = decode_grpc_request(golden(name), _LIMITS)
    assert plain_request(decoded) == plain_request(REQUEST)
    assert was_raw is is_raw


def test_the_golden_answer_in_json_is_written_and_read() -> None:
    assert encode_response(RESPONSE, REQUEST) == (golden("response.json"), {"content-type": "application/json"})
    assert plain_response(decode_response(golden("response.json"), None, _LIMITS)) == plain_response(RESPONSE)


def test_the_golden_answer_with_binary_data_is_written_and_read() -> None:
    asked = InferRequest("m", (), parameters={"binary_data_output": True})
    sent = headers("response-binary.headers.json")
    assert encode_response(RESPONSE, asked) == (golden("response-binary.body"), sent)
    decoded = decode_response(golden("response-binary.body"), json_length_of(sent), _LIMITS)
    assert plain_response(decoded) == plain_response(RESPONSE)


@pytest.mark.parametrize(("name", "is_raw"), [("response-raw.protobuf", True), ("response-typed.protobuf", False)])
def test_golden_grpc_answers_are_written(name: str, is_raw: bool) -> None:  # noqa: FBT001 -- as above
    message = message_class("ModelInferResponse").FromString(encode_grpc_response(RESPONSE, is_raw=is_raw))
    assert message.SerializeToString(deterministic=True) == golden(name)
