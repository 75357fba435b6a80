"""The binary tensor extension of V2 over REST, item by item (B1 to B10), against every server that speaks it."""

import httpx
import pytest
from contract.v2 import wire
from contract.v2.target import Document, Target

from summit_inference.errors import InvalidRequest


def post(target: Target, body: bytes, headers: dict[str, str]) -> httpx.Response:
    return target.server.post(f"{target.model_path}/infer", body, headers)


def ask(target: Target, inputs: tuple[Document, ...], **members: object) -> httpx.Response:
    """The answer to inputs that all travel as binary data."""
    return post(target, *wire.binary_body(members, inputs))


def assert_refused(response: httpx.Response) -> None:
    assert response.status_code == 400, response.text
    assert response.json()["code"] == InvalidRequest.code


def test_b01_a_header_says_where_the_json_ends_both_ways(v2_server: Target) -> None:
    response = ask(v2_server, v2_server.inputs, parameters={"binary_data_output": True})
    json_length = int(response.headers[wire.JSON_LENGTH])
    head = httpx.Response(200, content=response.content[:json_length]).json()
    sizes = sum(output["parameters"]["binary_data_size"] for output in head["outputs"])
    assert json_length + sizes == len(response.content)
    assert wire.JSON_LENGTH not in v2_server.infer(v2_server.document()).headers


def test_b02_binary_data_size_stands_for_data(v2_server: Target) -> None:
    for inputs in v2_server.requests:
        in_json = wire.answer_of(v2_server.infer({"inputs": inputs}))
        wire.assert_same(wire.answer_of(ask(v2_server, inputs)), in_json)
    head, data = wire.binary_tensor(v2_server.inputs[0])
    both = {**head, "data": v2_server.inputs[0]["data"]}
    assert_refused(post(v2_server, *wire.body_of({"inputs": [both]}, data)))
    for size in (-1, float(len(data)), str(len(data)), None, True):
        bad = {**head, "parameters": {"binary_data_size": size}}
        assert_refused(post(v2_server, *wire.body_of({"inputs": [bad]}, data)))


def test_b03_raw_tensors_follow_the_json_in_the_order_of_the_inputs(v2_server: Target) -> None:
    inputs = max(v2_server.requests, key=len)
    forwards = wire.answer_of(ask(v2_server, inputs))
    wire.assert_same(wire.answer_of(ask(v2_server, inputs[::-1])), forwards)
    if v2_server.is_echo:
        for tensor in inputs:
            assert forwards[tensor["name"]][2] == wire.elements(tensor)


def test_b04_an_output_is_binary_if_it_is_asked_for_as_such(v2_server: Target) -> None:
    names = [output["name"] for output in v2_server.answer(v2_server.document())["outputs"]]
    outputs = [{"name": name, "parameters": {"binary_data": True}} for name in names]
    response = v2_server.infer(v2_server.document(outputs=outputs))
    head = httpx.Response(200, content=response.content[: int(response.headers[wire.JSON_LENGTH])]).json()
    assert all("data" not in output and "binary_data_size" in output["parameters"] for output in head["outputs"])
    wire.assert_same(wire.answer_of(response), wire.answer_of(v2_server.infer(v2_server.document())))
    for value in (1, "true"):
        bad = [{"name": names[0], "parameters": {"binary_data": value}}]
        assert_refused(v2_server.infer(v2_server.document(outputs=bad)))


def test_b05_binary_data_output_is_the_default_of_all_outputs(v2_server: Target) -> None:
    default = {"binary_data_output": True}
    every = v2_server.infer(v2_server.document(parameters=default))
    assert b'"data"' not in every.content[: int(every.headers[wire.JSON_LENGTH])]
    names = [output["name"] for output in v2_server.answer(v2_server.document())["outputs"]]
    outputs = [{"name": name, "parameters": {"binary_data": False}} for name in names]
    none = v2_server.infer(v2_server.document(parameters=default, outputs=outputs))
    assert wire.JSON_LENGTH not in none.headers
    wire.assert_same(wire.answer_of(none), wire.answer_of(every))
    assert_refused(v2_server.infer(v2_server.document(parameters={"binary_data_output": "true"})))


def test_b06_raw_bytes_are_little_endian_and_bytes_elements_carry_their_length(v2_server: Target) -> None:
    for inputs in v2_server.requests:
        response = ask(v2_server, inputs, parameters={"binary_data_output": True})
        wire.assert_same(wire.answer_of(response), wire.answer_of(v2_server.infer({"inputs": inputs})))
    if v2_server.is_echo:
        numbers = {"name": "n", "datatype": "UINT16", "shape": [2], "data": [1, 258]}
        texts = {"name": "t", "datatype": "BYTES", "shape": [3], "data": ["a\0", "", "é"]}
        switches = {"name": "b", "datatype": "BOOL", "shape": [2], "data": [True, False]}
        response = ask(v2_server, (numbers, texts, switches), parameters={"binary_data_output": True})
        raw = b"\1\0\2\1" + b"\2\0\0\0a\0" + b"\0\0\0\0" + b"\2\0\0\0\xc3\xa9" + b"\1\0"
        assert response.content[int(response.headers[wire.JSON_LENGTH]) :] == raw
    two = {"name": "probe", "datatype": "BOOL", "shape": [1], "parameters": {"binary_data_size": 1}}
    assert_refused(post(v2_server, *wire.body_of({"inputs": [two]}, b"\2")))


@pytest.mark.parametrize("json_length", [None, "", "x", "-1", "1.5", "1", "99999999"])
def test_b07_a_missing_or_wrong_json_length_is_refused(v2_server: Target, json_length: str | None) -> None:
    body, headers = wire.binary_body({}, v2_server.inputs)
    rest = {name: value for name, value in headers.items() if name != wire.JSON_LENGTH}
    assert_refused(post(v2_server, body, rest if json_length is None else {**rest, wire.JSON_LENGTH: json_length}))


@pytest.mark.parametrize("change", ["short body", "long body", "size too small", "size too large"])
def test_b07_sizes_that_do_not_sum_up_to_the_body_are_refused(v2_server: Target, change: str) -> None:
    head, data = wire.binary_tensor(v2_server.inputs[0])
    by = {"size too small": -1, "size too large": 1}.get(change, 0)
    head["parameters"]["binary_data_size"] += by
    rest = [wire.binary_tensor(tensor) for tensor in v2_server.inputs[1:]]
    tail = {"short body": data[:-1], "long body": data + b"\0"}.get(change, data)
    document = {"inputs": [head, *(head for head, _ in rest)]}
    assert_refused(post(v2_server, *wire.body_of(document, tail + b"".join(data for _, data in rest))))


def test_b08_json_and_binary_tensors_mix_in_one_request(v2_server: Target) -> None:
    inputs = max(v2_server.requests, key=len)
    heads, tail = [], b""
    for index, tensor in enumerate(inputs):
        head, data = wire.binary_tensor(tensor) if index % 2 == 0 else (tensor, b"")
        heads.append(head)
        tail += data
    mixed = post(v2_server, *wire.body_of({"inputs": heads}, tail))
    wire.assert_same(wire.answer_of(mixed), wire.answer_of(v2_server.infer({"inputs": inputs})))


def test_b09_the_server_names_the_extension(v2_server: Target) -> None:
    assert "binary_tensor_data" in v2_server.server.get("/v2").json()["extensions"]


def test_b10_a_binary_answer_is_an_octet_stream(v2_server: Target) -> None:
    response = ask(v2_server, v2_server.inputs, parameters={"binary_data_output": True})
    assert response.headers["content-type"] == "application/octet-stream"
