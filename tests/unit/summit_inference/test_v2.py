import json
import time
from dataclasses import replace

import numpy as np
import pytest

from summit_inference.errors import InvalidRequest, TooLarge, UpstreamBroken
from summit_inference.tensors import (
    Datatype,
    InferRequest,
    InferResponse,
    ModelMetadata,
    RequestedOutput,
    Tensor,
    TensorSpec,
)
from summit_inference.v2 import (
    decode_request,
    decode_response,
    encode_request,
    encode_response,
    json_length_of,
    metadata_document,
    selected,
)
from summit_inference.v2_limits import Limits

_LIMITS = Limits()
_INPUT = {"name": "a", "shape": [1], "datatype": "INT8", "data": [1]}
_NUMBERS = Tensor("numbers", Datatype.INT16, np.array([1, 2], dtype="<i2"))
_TEXTS = Tensor.of_bytes("texts", [b"x"])
_RESPONSE = InferResponse("m", (_NUMBERS, _TEXTS), "3")


def decoded(document: object, tail: bytes = b"", limits: Limits = _LIMITS) -> InferRequest:
    text = json.dumps(document).encode()
    return decode_request("m", "3", text + tail, len(text), limits)


def test_a_request_is_what_its_body_says() -> None:
    request = decoded({
        "id": "42",
        "parameters": {"p": 1},
        "inputs": [_INPUT],
        "outputs": [{"name": "x"}, {"name": "y", "parameters": {"binary_data": True}}],
    })  # fmt: skip
    assert (request.model_name, request.model_version, request.id) == ("m", "3", "42")
    assert request.parameters == {"p": 1}
    assert request.outputs == (RequestedOutput("x"), RequestedOutput("y", is_binary=True))
    assert [tensor.name for tensor in request.inputs] == ["a"]


def test_members_that_are_null_count_as_absent() -> None:
    request = decoded({"id": None, "parameters": None, "outputs": None, "inputs": [{**_INPUT, "parameters": None}]})
    assert (request.id, request.parameters, request.outputs) == (None, {}, ())


def test_members_that_are_unknown_are_ignored() -> None:
    assert decoded({"inputs": [{**_INPUT, "new": 1}], "new": {}, "outputs": [{"name": "x", "new": 1}]}).inputs


def test_every_fault_is_told_at_once_with_its_tensor() -> None:
    with pytest.raises(InvalidRequest) as caught:
        decoded({"id": 1, "inputs": [{**_INPUT, "datatype": "int8"}, _INPUT, {**_INPUT, "data": [1, 2]}], "outputs": 1})
    for place in ("request: id", "inputs[0]: datatype", "inputs[2]: data has 2 elements", "outputs: must be a list"):
        assert place in caught.value.message


def test_no_text_of_the_caller_is_repeated() -> None:
    with pytest.raises(InvalidRequest) as caught:
        decoded(
            {"inputs": [{**_INPUT, "name": "secret", "datatype": "secret"}], "outputs": [{"name": 5, "a": "secret"}]}
        )
    assert "secret" not in caught.value.message


def test_two_inputs_of_one_name_are_refused() -> None:
    with pytest.raises(InvalidRequest, match="same name"):
        decoded({"inputs": [_INPUT, _INPUT]})


def test_two_outputs_of_one_name_are_refused() -> None:
    with pytest.raises(InvalidRequest, match="same name"):
        decoded({"inputs": [], "outputs": [{"name": "x"}, {"name": "x"}]})


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b"", "not valid JSON"),
        (b"{", r"line 1, column 1|line 1, column 2"),
        (b"[]", "must be a JSON object; found a list"),
        (b'"a"', "found a string"),
        (b'{"inputs":[NaN]}', "NaN and infinities travel as binary data"),
    ],
)
def test_a_body_that_is_no_json_object_is_refused(body: bytes, sentence: str) -> None:
    with pytest.raises(InvalidRequest, match=sentence):
        decode_request("m", None, body, None, _LIMITS)


def test_a_json_length_beyond_the_body_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="says 3, but the body has 2"):
        decode_request("m", None, b"{}", 3, _LIMITS)


@pytest.mark.parametrize("value", ["", "x", "-1", "1.0", "1 ", "²", "9" * 5000])
def test_a_json_length_is_a_number(value: str) -> None:
    assert json_length_of({}) is None
    assert json_length_of({"inference-header-content-length": "12"}) == 12
    with pytest.raises(InvalidRequest, match="Inference-Header-Content-Length"):
        json_length_of({"inference-header-content-length": value})


@pytest.mark.parametrize(
    "limits",
    [Limits(max_body_bytes=50), Limits(max_json_bytes=50), Limits(max_tensors=1), Limits(max_tensor_elements=0)],
)
def test_a_request_over_a_limit_is_too_large(limits: Limits) -> None:
    with pytest.raises(TooLarge):
        decoded({"inputs": [_INPUT, {**_INPUT, "name": "b"}]}, limits=limits)


def test_a_tensor_of_a_mebibyte_is_a_view_and_takes_no_time() -> None:
    data = np.arange(262_144, dtype="<f4")
    body, headers = encode_request(InferRequest("m", (Tensor("a", Datatype.FP32, data),)))
    seconds = []
    for _ in range(5):
        before = time.perf_counter()
        request = decode_request("m", None, body, json_length_of(headers), _LIMITS)
        encode_response(InferResponse("m", request.inputs), request)
        seconds.append(time.perf_counter() - before)
    assert np.shares_memory(request.inputs[0].data, np.frombuffer(body, dtype=np.uint8))
    assert min(seconds) < 0.003


def test_an_answer_leaves_out_what_is_unset() -> None:
    body, headers = encode_response(InferResponse("m", (_NUMBERS,)), InferRequest("m", ()))
    output = {"name": "numbers", "shape": [2], "datatype": "INT16", "data": [1, 2]}
    assert json.loads(body) == {"model_name": "m", "outputs": [output]}
    assert headers == {"content-type": "application/json"}


@pytest.mark.parametrize(
    ("default", "forms", "are_binary"),
    [
        (None, (None, None), [False, False]),
        (True, (None, None), [True, True]),
        (True, (False, None), [False, True]),
        (False, (True, None), [True, False]),
        (True, (False, False), [False, False]),
    ],
)
def test_an_output_has_the_form_that_it_is_asked_for(
    default: bool | None,  # noqa: FBT001 -- a parameter of the case
    forms: tuple[bool | None, bool | None],
    are_binary: list[bool],
) -> None:
    names = ("numbers", "texts")
    outputs = tuple(RequestedOutput(name, form) for name, form in zip(names, forms, strict=True))
    parameters = {} if default is None else {"binary_data_output": default}
    body, headers = encode_response(_RESPONSE, InferRequest("m", (), parameters=parameters, outputs=outputs))
    length = json_length_of(headers)
    document = json.loads(body[:length])
    assert ["data" not in output for output in document["outputs"]] == are_binary
    assert (length is not None) == any(are_binary)


def test_outputs_come_in_the_order_in_which_they_are_asked_for() -> None:
    request = InferRequest("m", (), outputs=(RequestedOutput("texts"), RequestedOutput("numbers")))
    assert selected(_RESPONSE, request) == (_TEXTS, _NUMBERS)
    assert selected(_RESPONSE, InferRequest("m", ())) == (_NUMBERS, _TEXTS)


def test_an_unknown_output_is_refused_with_those_that_there_are() -> None:
    request = InferRequest("m", (), outputs=(RequestedOutput("texts"), RequestedOutput("x")))
    with pytest.raises(InvalidRequest, match=r"outputs\[1\].*numbers, texts"):
        selected(_RESPONSE, request)


def test_a_client_asks_for_binary_answers_unless_it_says_otherwise() -> None:
    request = InferRequest("m", (_NUMBERS,), outputs=(RequestedOutput("x", is_binary=False),))
    body, headers = encode_request(request)
    asked = decode_request("m", None, body, json_length_of(headers), _LIMITS)
    assert asked.parameters == {"binary_data_output": True}
    assert asked.outputs == request.outputs
    plain, _ = encode_request(replace(request, parameters={"binary_data_output": False}))
    assert b'"binary_data_output":false' in plain


@pytest.mark.parametrize(
    "body",
    [
        b"<html>",
        b"{}",
        b'{"outputs":[]}',
        b'{"model_name":"m"}',
        b'{"model_name":"m","outputs":[{"name":"a"}]}',
        b'{"model_name":"m","outputs":[],"model_version":3}',
        b'{"model_name":"m","outputs":[]}tail',
    ],
)
def test_an_answer_against_the_protocol_is_the_servers_fault(body: bytes) -> None:
    with pytest.raises(UpstreamBroken, match="V2 protocol"):
        decode_response(body, body.find(b"tail") if b"tail" in body else None, _LIMITS)


def test_metadata_leaves_out_what_is_unset() -> None:
    spec = TensorSpec("x", Datatype.FP32, (-1, 2))
    document = metadata_document(ModelMetadata("m", (), "toy", (spec,), ()))
    assert document == {
        "name": "m",
        "platform": "toy",
        "inputs": [{"name": "x", "datatype": "FP32", "shape": [-1, 2]}],
        "outputs": [],
    }
    full = metadata_document(ModelMetadata("m", ("1",), "toy", (), (), {"origin": "tests"}))
    assert (full["versions"], full["properties"]) == (["1"], {"origin": "tests"})
