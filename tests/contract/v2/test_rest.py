"""The V2 protocol over REST, item by item (R1 to R28), against every server that speaks it."""

import math

import httpx
import pytest
from contract.v2 import wire
from contract.v2.target import Document, Target

_DATATYPES = [*wire.FORMATS, "BYTES"]


def assert_refused(response: httpx.Response, status: int = 400) -> str:
    """The sentence of an error in the protocol's form."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/json"
    error = response.json()["error"]
    assert isinstance(error, str)
    assert error
    return error


def probe(datatype: str, shape: list[int], data: object) -> Document:
    """An input beside the valid ones, at which the server must stop before its model sees the request."""
    return {"name": "probe", "datatype": datatype, "shape": shape, "data": data}


def assert_probe_refused(target: Target, tensor: object) -> str:
    """The server names the probe, so that it is known to be refused for its own sake."""
    error = assert_refused(target.infer({"inputs": [*target.inputs, tensor]}))
    assert f"inputs[{len(target.inputs)}]" in error
    return error


def test_r01_a_live_server_says_so(v2_server: Target) -> None:
    assert v2_server.server.get("/v2/health/live").status_code == 200


def test_r02_a_server_is_ready_only_if_all_models_are(v2_server: Target) -> None:
    assert v2_server.server.get("/v2/health/ready").status_code == 200
    if v2_server.unready:
        assert_refused(v2_server.unready.get("/v2/health/ready"), 503)


def test_r03_a_model_is_ready_if_it_can_infer_in_the_version_asked_for(v2_server: Target) -> None:
    version = f"{v2_server.model_path}/versions/{v2_server.model_version}"
    assert v2_server.server.get(f"{v2_server.model_path}/ready").status_code == 200
    assert v2_server.server.get(f"{version}/ready").status_code == 200
    assert_refused(v2_server.server.get(f"{v2_server.model_path}/versions/no-such/ready"), 404)
    if v2_server.unready:
        assert_refused(v2_server.unready.get(f"{v2_server.model_path}/ready"), 503)
        assert_refused(v2_server.unready.get(f"{version}/ready"), 503)


def test_r04_the_server_names_itself_its_version_and_its_extensions(v2_server: Target) -> None:
    metadata = v2_server.server.get("/v2").json()
    assert metadata.keys() >= {"name", "version", "extensions"}
    assert isinstance(metadata["name"], str)
    assert isinstance(metadata["version"], str)
    assert all(isinstance(extension, str) for extension in metadata["extensions"])
    assert v2_server.server.get("/v2/").json() == metadata


def test_r05_a_model_describes_its_inputs_and_outputs(v2_server: Target) -> None:
    response = v2_server.server.get(v2_server.model_path)
    assert response.status_code == 200
    metadata = response.json()
    assert metadata["name"] == v2_server.model_name
    assert isinstance(metadata["platform"], str)
    assert None not in metadata.values()
    for tensor in metadata["inputs"] + metadata["outputs"]:
        assert tensor["datatype"] in _DATATYPES
        assert all(isinstance(size, int) and size >= -1 for size in tensor["shape"])
        assert tensor["name"]
    assert metadata["inputs"]
    assert metadata["outputs"]
    versioned = v2_server.server.get(f"{v2_server.model_path}/versions/{v2_server.model_version}")
    assert versioned.status_code == 200


def test_r06_inference_is_a_post_with_or_without_a_version(v2_server: Target) -> None:
    unversioned = v2_server.infer(v2_server.document())
    versioned = v2_server.infer(v2_server.document(), version=v2_server.model_version)
    assert unversioned.status_code == versioned.status_code == 200
    assert versioned.json()["model_version"] == v2_server.model_version


def test_r07_the_server_chooses_the_version_if_none_is_asked_for(v2_server: Target) -> None:
    served = v2_server.server.get(v2_server.model_path).json()["versions"]
    assert v2_server.answer(v2_server.document())["model_version"] in served


def test_r08_a_success_is_status_200_and_json(v2_server: Target) -> None:
    response = v2_server.infer(v2_server.document())
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/json"
    assert isinstance(response.json(), dict)


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"null", b"\xff\xfe", b'{"inputs": {}}', b'{"inputs": [1]}', b'{"inputs": [{}]}', b"[" * 5000],
)
def test_r09_a_failure_is_an_error_status_and_the_callers_own_a_400(v2_server: Target, body: bytes) -> None:
    assert_refused(v2_server.server.post(f"{v2_server.model_path}/infer", body))


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v2/no/such/path", 404),
        ("GET", "/v2/models/no-such-model", 404),
        ("GET", "/v2/models/no-such-model/ready", 404),
        ("POST", "/v2/models/no-such-model/infer", 404),
        ("POST", "/v2/health/live", 405),
        ("PUT", "/v2", 405),
    ],
)
def test_r10_an_error_has_one_form_on_every_route(v2_server: Target, method: str, path: str, status: int) -> None:
    response = v2_server.server.http.request(
        method, f"{v2_server.server.base_url}{path}", headers={"x-request-id": "r10"}
    )
    assert_refused(response, status)
    assert response.json()["request_id"] == response.headers["x-request-id"] == "r10"
    assert response.json()["code"]


def test_r11_inputs_are_required(v2_server: Target) -> None:
    assert "inputs" in assert_refused(v2_server.infer({}))
    assert "inputs" in assert_refused(v2_server.infer({"inputs": None}))


def test_r12_the_id_comes_back_if_there_was_one(v2_server: Target) -> None:
    assert v2_server.answer(v2_server.document(id="é 42"))["id"] == "é 42"
    assert "id" not in v2_server.answer(v2_server.document())
    assert_refused(v2_server.infer(v2_server.document(id=42)))


def test_r13_parameters_are_strings_numbers_or_booleans(v2_server: Target) -> None:
    parameters = {"s": "a", "i": -1, "u": 2**64 - 1, "f": 0.5, "b": True}
    answer = v2_server.answer(v2_server.document(parameters=parameters))
    if v2_server.is_echo:
        assert answer["parameters"] == parameters
    for bad in (None, [1], {"a": 1}):
        assert_refused(v2_server.infer(v2_server.document(parameters={"p": bad})))
    assert_refused(v2_server.infer(v2_server.document(parameters=[])))


def test_r14_only_the_outputs_that_are_asked_for_are_answered(v2_server: Target) -> None:
    document = {"inputs": v2_server.requests[-2]} if v2_server.is_echo else v2_server.document()
    every = v2_server.answer(document)["outputs"]
    names = [output["name"] for output in every]
    assert len(names) > 1
    one = v2_server.answer({**document, "outputs": [{"name": names[-1]}]})["outputs"]
    assert one == [every[-1]]
    asked = [{"name": name} for name in reversed(names)]
    assert [output["name"] for output in v2_server.answer({**document, "outputs": asked})["outputs"]] == names[::-1]
    assert "outputs[0]" in assert_refused(v2_server.infer({**document, "outputs": [{"name": "no such output"}]}))


def test_r15_an_input_needs_name_shape_datatype_and_data(v2_server: Target) -> None:
    whole = probe("INT8", [2], [1, 2])
    for member in whole:
        assert_probe_refused(v2_server, {name: value for name, value in whole.items() if name != member})
    for shape in ([-1], [-2, -1], [1.0, 2], ["2"], [True, 2], 2, None):
        assert_probe_refused(v2_server, {**whole, "shape": shape})


@pytest.mark.parametrize("datatype", ["fp32", "Int64", "bytes", "STRING", "FLOAT", "BF16", "", 1, None])
def test_r16_datatypes_are_known_by_their_exact_names(v2_server: Target, datatype: object) -> None:
    assert_probe_refused(v2_server, {**probe("", [1], [1]), "datatype": datatype})
    for inputs in v2_server.requests:
        v2_server.answer({"inputs": inputs})


def test_r17_nested_data_means_the_same_as_flat_data(v2_server: Target) -> None:
    for inputs in v2_server.requests:
        nested = [{**tensor, "data": wire.nested(tensor["data"], tensor["shape"])} for tensor in inputs]
        flat_answer = wire.answer_of(v2_server.infer({"inputs": inputs}))
        wire.assert_same(wire.answer_of(v2_server.infer({"inputs": nested})), flat_answer)
    assert_probe_refused(v2_server, probe("INT8", [2, 2], [[1, 2, 3], [4]]))
    assert_probe_refused(v2_server, probe("INT8", [4], [[1, 2], [3, 4]]))


@pytest.mark.parametrize(("shape", "data"), [([3], [1, 2]), ([2, 2], [1, 2]), ([1], [1, 2]), ([0], [1]), ([], [1, 2])])
def test_r18_data_has_as_many_elements_as_the_shape_says(v2_server: Target, shape: list[int], data: list[int]) -> None:
    assert_probe_refused(v2_server, probe("INT8", shape, data))


@pytest.mark.parametrize(
    ("datatype", "element"),
    [
        ("INT8", 1.5), ("INT64", 1.0), ("UINT8", "1"), ("INT32", True), ("INT16", None), ("BOOL", 1), ("BOOL", "true"),
        ("FP32", "1"), ("FP32", True), ("FP64", None), ("BYTES", 1), ("BYTES", None), ("BYTES", ["a"]), ("INT8", {}),
    ],
)  # fmt: skip
def test_r19_an_element_that_does_not_suit_the_datatype_is_refused(
    v2_server: Target, datatype: str, element: object
) -> None:
    assert_probe_refused(v2_server, probe(datatype, [1], [element]))


@pytest.mark.parametrize(
    ("datatype", "number"),
    [
        *((f"INT{bits}", number) for bits in (8, 16, 32, 64) for number in (2 ** (bits - 1), -(2 ** (bits - 1)) - 1)),
        *((f"UINT{bits}", number) for bits in (8, 16, 32, 64) for number in (2**bits, -1)),
        ("FP32", 1e39),
    ],
)
def test_r20_a_number_out_of_the_datatypes_range_is_refused(v2_server: Target, datatype: str, number: float) -> None:
    assert_probe_refused(v2_server, probe(datatype, [1], [number]))


def test_r21_half_floats_have_no_json_form_and_the_answer_says_what_to_send(v2_server: Target) -> None:
    assert "binary" in assert_probe_refused(v2_server, probe("FP16", [1], [0.5]))


def test_r22_the_answer_names_model_and_outputs_and_leaves_out_what_is_unset(v2_server: Target) -> None:
    answer = v2_server.answer(v2_server.document())
    assert answer["model_name"] == v2_server.model_name
    assert isinstance(answer["outputs"], list)
    assert None not in answer.values()
    assert answer.keys() <= {"model_name", "model_version", "id", "parameters", "outputs"}
    assert all(None not in output.values() for output in answer["outputs"])


def test_r23_an_output_has_name_shape_datatype_and_data(v2_server: Target) -> None:
    for inputs in v2_server.requests:
        outputs = v2_server.answer({"inputs": inputs})["outputs"]
        assert outputs
        for output in outputs:
            assert output.keys() >= {"name", "shape", "datatype", "data"}
            assert output["datatype"] in _DATATYPES
            assert len(output["data"]) == math.prod(output["shape"])
        if v2_server.is_echo:
            assert outputs == list(inputs)


def test_r24_nan_and_infinities_never_become_null(v2_server: Target) -> None:
    for literal in (b"NaN", b"Infinity", b"-Infinity", b"1e400"):
        body = b'{"inputs": [{"name": "a", "datatype": "FP64", "shape": [1], "data": [%s]}]}' % literal
        assert_refused(v2_server.server.post(f"{v2_server.model_path}/infer", body))
    if v2_server.is_echo:
        for number in (math.nan, math.inf, -math.inf):
            body, headers = wire.binary_body({}, [probe("FP32", [1], [number])])
            response = v2_server.server.post(f"{v2_server.model_path}/infer", body, headers)
            assert "binary" in assert_refused(response)


def test_r25_an_unknown_model_or_version_is_not_found(v2_server: Target) -> None:
    server = v2_server.server
    body = httpx.Request("POST", "http://a", json=v2_server.document()).content
    for model in ("/v2/models/no-such", f"{v2_server.model_path}/versions/no-such"):
        assert_refused(server.get(model), 404)
        assert_refused(server.get(f"{model}/ready"), 404)
        assert_refused(server.post(f"{model}/infer", body), 404)


@pytest.mark.parametrize(
    ("shape", "data"),
    [([], [7]), ([], 7), ([0], []), ([0, 3], []), ([2, 0], []), ([2, 0], [[], []])],
    ids=["scalar", "scalar without a list", "no rows", "no rows of 3", "rows of none", "nested rows of none"],
)
def test_r26_scalars_and_empty_tensors_are_tensors(v2_server: Target, shape: list[int], data: object) -> None:
    response = v2_server.infer(v2_server.document(probe("INT32", shape, data)))
    if v2_server.is_echo:
        output = response.json()["outputs"][-1]
        assert (output["shape"], output["data"]) == (shape, [7] if shape == [] else [])
    else:
        assert response.status_code in {200, 400}


def test_r27_unknown_members_do_not_break_a_request(v2_server: Target) -> None:
    inputs = [{**tensor, "unknown": {"a": [1]}} for tensor in v2_server.inputs]
    names = [output["name"] for output in v2_server.answer(v2_server.document())["outputs"]]
    outputs = [{"name": name, "unknown": None} for name in names]
    assert len(v2_server.answer({"inputs": inputs, "outputs": outputs, "unknown": 1})["outputs"]) == len(names)


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("POST", "/v2", "GET"),
        ("DELETE", "/v2/health/ready", "GET"),
        ("POST", "{model}", "GET"),
        ("PUT", "{model}/ready", "GET"),
        ("GET", "{model}/infer", "POST"),
    ],
)
def test_r28_a_wrong_method_is_405_and_says_which_is_right(
    v2_server: Target, method: str, path: str, allowed: str
) -> None:
    url = v2_server.server.base_url + path.format(model=v2_server.model_path)
    response = v2_server.server.http.request(method, url)
    assert_refused(response, 405)
    assert allowed in response.headers["allow"].split(", ")
