"""The V2 protocol over gRPC, item by item (G1 to G21), against every server that speaks it."""

import math
from typing import Any

import grpc
from contract.v2 import wire
from contract.v2.target import Document, Target

from summit_inference.v2_grpc_messages import SERVICE, message_class

_Code = grpc.StatusCode


def request(
    target: Target, inputs: tuple[Document, ...] | None = None, *, is_raw: bool = True, **fields: object
) -> Any:
    return wire.grpc_request(target.model_name, target.inputs if inputs is None else inputs, is_raw=is_raw, **fields)


def infer(target: Target, message: Any) -> Any:
    return target.server.call("ModelInfer", message)


def assert_refused(target: Target, message: Any, code: grpc.StatusCode = _Code.INVALID_ARGUMENT) -> str:
    """What the server says to a request that it refuses."""
    error = target.server.refusal("ModelInfer", message)
    assert error.code() is code, error
    return str(error.details())


def with_probe(target: Target, *, is_raw: bool, raw: bytes = b"", contents: object = None, **fields: object) -> Any:
    """A valid request with one more input, at which the server must stop before its model sees the request."""
    message = request(target, is_raw=is_raw)
    message.inputs.add(name="probe", contents=contents, **fields)
    if is_raw:
        message.raw_input_contents.append(raw)
    return message


def assert_probe_refused(target: Target, message: Any) -> None:
    assert f"inputs[{len(target.inputs)}]" in assert_refused(target, message)


def contents(**fields: object) -> Any:
    return message_class("InferTensorContents")(**fields)


def test_g01_the_service_has_its_name_in_the_package_inference(v2_server: Target) -> None:
    assert SERVICE == "inference.GRPCInferenceService"
    call = v2_server.server.channel.unary_unary("/inference.GRPCInferenceService/ServerLive")
    assert message_class("ServerLiveResponse").FromString(call(b"", timeout=10)).live


def test_g02_a_live_server_says_so(v2_server: Target) -> None:
    assert v2_server.server.call("ServerLive", b"").live is True


def test_g03_a_server_is_ready_only_if_all_models_are(v2_server: Target) -> None:
    assert v2_server.server.call("ServerReady", b"").ready is True
    if v2_server.unready:
        assert v2_server.unready.call("ServerReady", b"").ready is False


def test_g04_a_model_is_ready_if_it_can_infer_in_the_version_asked_for(v2_server: Target) -> None:
    asked = message_class("ModelReadyRequest")
    for version in ("", v2_server.model_version):
        message = asked(name=v2_server.model_name, version=version)
        assert v2_server.server.call("ModelReady", message).ready is True
        if v2_server.unready:
            assert v2_server.unready.call("ModelReady", message).ready is False
    unknown = asked(name=v2_server.model_name, version="no-such")
    assert v2_server.server.refusal("ModelReady", unknown).code() is _Code.NOT_FOUND


def test_g05_the_server_says_what_rest_says_of_it(v2_server: Target) -> None:
    metadata = v2_server.server.call("ServerMetadata", b"")
    said = {"name": metadata.name, "version": metadata.version, "extensions": list(metadata.extensions)}
    assert said == v2_server.server.get("/v2").json()


def test_g06_a_model_says_what_rest_says_of_it(v2_server: Target) -> None:
    asked = message_class("ModelMetadataRequest")
    for version in ("", v2_server.model_version):
        metadata = v2_server.server.call("ModelMetadata", asked(name=v2_server.model_name, version=version))
        in_json = v2_server.server.get(v2_server.model_path).json()
        assert (metadata.name, metadata.platform) == (in_json["name"], in_json["platform"])
        assert list(metadata.versions) == in_json["versions"]
        for tensors, documents in ((metadata.inputs, in_json["inputs"]), (metadata.outputs, in_json["outputs"])):
            said = [{"name": one.name, "datatype": one.datatype, "shape": list(one.shape)} for one in tensors]
            assert said == documents
    unknown = asked(name=v2_server.model_name, version="no-such")
    assert v2_server.server.refusal("ModelMetadata", unknown).code() is _Code.NOT_FOUND


def test_g07_inference_answers_what_rest_answers(v2_server: Target) -> None:
    for inputs in v2_server.requests:
        answer = wire.grpc_answer(infer(v2_server, request(v2_server, inputs)))
        wire.assert_same(answer, wire.answer_of(v2_server.infer({"inputs": inputs})))


def test_g08_an_error_has_the_fitting_code_a_sentence_and_our_own_code(v2_server: Target) -> None:
    unknown = wire.grpc_request("no-such-model", v2_server.inputs, is_raw=True)
    error = v2_server.server.refusal("ModelInfer", unknown)
    assert error.code() is _Code.NOT_FOUND
    assert error.details()
    trailing = dict(error.trailing_metadata())
    assert trailing["x-error-code"] == "model_not_found"
    assert trailing["x-request-id"]
    assert_refused(v2_server, b"\xff\xff\xff")
    assert_refused(v2_server, b"\x0a\x7fshort")
    if v2_server.unready:
        busy = v2_server.unready.refusal("ModelInfer", request(v2_server))
        assert busy.code() is _Code.UNAVAILABLE
        assert int(dict(busy.trailing_metadata())["retry-after"]) >= 1


def test_g09_every_field_of_a_request_counts(v2_server: Target) -> None:
    answer = infer(v2_server, request(v2_server, model_version=v2_server.model_version))
    assert answer.model_version == v2_server.model_version
    assert_refused(v2_server, request(v2_server, model_version="no-such"), _Code.NOT_FOUND)
    assert_refused(v2_server, request(v2_server, outputs=[{"name": ""}]))
    unnamed = with_probe(v2_server, is_raw=True, datatype="INT8", shape=[1], raw=b"\1")
    unnamed.inputs[-1].name = ""
    assert_probe_refused(v2_server, unnamed)
    for datatype in ("int8", "STRING", ""):
        assert_probe_refused(v2_server, with_probe(v2_server, is_raw=True, datatype=datatype, shape=[1], raw=b"\1"))


def test_g10_the_id_comes_back(v2_server: Target) -> None:
    assert infer(v2_server, request(v2_server, id="é 42")).id == "é 42"
    assert infer(v2_server, request(v2_server)).id == ""


def test_g11_only_the_outputs_that_are_asked_for_are_answered(v2_server: Target) -> None:
    inputs = v2_server.requests[-2] if v2_server.is_echo else v2_server.inputs
    every = infer(v2_server, request(v2_server, inputs))
    names = [output.name for output in every.outputs]
    assert len(names) > 1
    asked = [{"name": names[-1]}, {"name": names[0]}]
    some = infer(v2_server, request(v2_server, inputs, outputs=asked))
    assert [output.name for output in some.outputs] == [names[-1], names[0]]
    whole = wire.grpc_answer(every)
    wire.assert_same(wire.grpc_answer(some), {name: whole[name] for name in (names[-1], names[0])})
    assert "outputs[0]" in assert_refused(v2_server, request(v2_server, outputs=[{"name": "no such output"}]))


def test_g12_typed_and_raw_tensors_do_not_mix(v2_server: Target) -> None:
    mixed = with_probe(
        v2_server, is_raw=True, raw=b"\1", contents=contents(int_contents=[1]), datatype="INT8", shape=[1]
    )
    assert_probe_refused(v2_server, mixed)


def test_g13_typed_contents_are_in_the_field_of_their_datatype(v2_server: Target) -> None:
    for inputs in v2_server.requests:
        answer = infer(v2_server, request(v2_server, inputs, is_raw=False))
        wire.assert_same(wire.grpc_answer(answer), wire.answer_of(v2_server.infer({"inputs": inputs})))
    for datatype, wrong in (("INT8", {"int64_contents": [1]}), ("FP64", {"fp32_contents": [1]})):
        message = with_probe(v2_server, is_raw=False, datatype=datatype, shape=[1], contents=contents(**wrong))
        assert_probe_refused(v2_server, message)
    for datatype, field, number in (("INT8", "int_contents", 128), ("UINT16", "uint_contents", 2**16)):
        wide = contents(**{field: [number]})
        assert_probe_refused(
            v2_server, with_probe(v2_server, is_raw=False, datatype=datatype, shape=[1], contents=wide)
        )


def test_g14_half_floats_travel_raw_only(v2_server: Target) -> None:
    typed = with_probe(v2_server, is_raw=False, datatype="FP16", shape=[1], contents=contents(fp32_contents=[0.5]))
    assert_probe_refused(v2_server, typed)
    if v2_server.is_echo:
        half = {"name": "h", "datatype": "FP16", "shape": [2], "data": [0.5, -2.0]}
        answer = infer(v2_server, request(v2_server, (half,)))
        assert wire.grpc_answer(answer) == {"h": ("FP16", (2,), [0.5, -2.0])}


def test_g15_raw_contents_are_little_endian_and_bytes_elements_carry_their_length(v2_server: Target) -> None:
    if v2_server.is_echo:
        numbers = {"name": "n", "datatype": "UINT16", "shape": [2], "data": [1, 258]}
        texts = {"name": "t", "datatype": "BYTES", "shape": [2], "data": ["a\0", ""]}
        answer = infer(v2_server, request(v2_server, (numbers, texts)))
        assert list(answer.raw_output_contents) == [b"\1\0\2\1", b"\2\0\0\0a\0\0\0\0\0"]
    for raw in (b"\5\0\0\0ab", b"\1\0\0\0ab", b"\1\0", b"\xff\xff\xff\xff"):
        assert_probe_refused(v2_server, with_probe(v2_server, is_raw=True, datatype="BYTES", shape=[1], raw=raw))
    assert_probe_refused(v2_server, with_probe(v2_server, is_raw=True, datatype="BOOL", shape=[1], raw=b"\2"))


def test_g16_data_has_as_many_elements_as_the_shape_says(v2_server: Target) -> None:
    for shape in ([1], [3], [2, 2], [0], []):
        typed = with_probe(
            v2_server, is_raw=False, datatype="INT16", shape=shape, contents=contents(int_contents=[1, 2])
        )
        assert_probe_refused(v2_server, typed)
        raw = with_probe(v2_server, is_raw=True, datatype="INT16", shape=shape, raw=b"\1\0\2\0")
        assert_probe_refused(v2_server, raw)
    assert_probe_refused(v2_server, with_probe(v2_server, is_raw=True, datatype="INT16", shape=[-1], raw=b"\1\0"))


def test_g17_there_is_one_raw_entry_for_each_input(v2_server: Target) -> None:
    more = request(v2_server)
    more.raw_input_contents.append(b"")
    assert "raw_input_contents" in assert_refused(v2_server, more)
    fewer = with_probe(v2_server, is_raw=True, datatype="INT8", shape=[0])
    del fewer.raw_input_contents[-1]
    assert "raw_input_contents" in assert_refused(v2_server, fewer)


def test_g18_a_raw_answer_has_one_entry_for_each_output_and_no_contents(v2_server: Target) -> None:
    answer = infer(v2_server, request(v2_server))
    assert len(answer.raw_output_contents) == len(answer.outputs) > 0
    assert not any(output.HasField("contents") for output in answer.outputs)
    assert not any(output.parameters for output in answer.outputs)
    typed = infer(v2_server, request(v2_server, is_raw=False))
    assert not typed.raw_output_contents
    for output in typed.outputs:
        assert len(getattr(output.contents, wire.CONTENTS[output.datatype])) == math.prod(output.shape)


def test_g19_a_parameter_is_a_boolean_a_number_or_a_string(v2_server: Target) -> None:
    one = message_class("InferParameter")
    parameters = {
        "b": one(bool_param=True),
        "i": one(int64_param=-1),
        "s": one(string_param="é"),
        "d": one(double_param=0.5),
        "u": one(uint64_param=2**64 - 1),
    }
    answer = infer(v2_server, request(v2_server, parameters=parameters))
    if v2_server.is_echo:
        assert dict(answer.parameters) == parameters
    assert_refused(v2_server, request(v2_server, parameters={"p": one()}))


def test_g20_metadata_has_properties(v2_server: Target) -> None:
    asked = message_class("ModelMetadataRequest")(name=v2_server.model_name)
    assert dict(v2_server.server.call("ModelMetadata", asked).properties) == v2_server.properties


def test_g21_the_answer_names_model_and_version(v2_server: Target) -> None:
    answer = infer(v2_server, request(v2_server))
    served = v2_server.server.get(v2_server.model_path).json()["versions"]
    assert answer.model_name == v2_server.model_name
    assert answer.model_version in served
