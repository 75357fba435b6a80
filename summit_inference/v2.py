"""The V2 messages of inference as HTTP bodies: JSON, and raw bytes behind it (the binary tensor extension), both ways.

A server decodes requests and encodes responses, a client the other two. Pure: no socket, no framework. Tensors of raw
bytes stay views of the body that was received.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from summit_inference.errors import CallerError, InvalidRequest, TooLarge, UpstreamBroken
from summit_inference.tensors import (
    InferRequest,
    InferResponse,
    ModelMetadata,
    Parameter,
    RequestedOutput,
    Tensor,
    TensorSpec,
)
from summit_inference.v2_binary import raw_from_array
from summit_inference.v2_findings import Findings
from summit_inference.v2_json import json_from_array, kind_of
from summit_inference.v2_limits import Limits
from summit_inference.v2_tensor import (
    RawBytes,
    check_distinct,
    members_of,
    optional_text_of,
    parameters_of,
    tensor_of,
    text_of,
)

JSON_LENGTH_HEADER = "inference-header-content-length"
EXTENSIONS = ("binary_tensor_data",)
_COUNT = re.compile("[0-9]{1,15}")


def json_length_of(headers: Mapping[str, str]) -> int | None:
    """How many bytes of the body are JSON, as the headers (names in lower case) say; None: all of them.

    Raises:
        InvalidRequest: the header is no number.
    """
    value = headers.get(JSON_LENGTH_HEADER)
    if value is None:
        return None
    if not _COUNT.fullmatch(value):
        raise InvalidRequest("Inference-Header-Content-Length must be the length of the body's JSON part in bytes.")
    return int(value)


def decode_request(
    model_name: str, model_version: str | None, body: bytes, json_length: int | None, limits: Limits
) -> InferRequest:
    """The request that this body says; `json_length` is what `json_length_of` its headers is.

    Raises:
        InvalidRequest: the body is against the protocol; the message names every tensor at fault.
        TooLarge: it is over one of the limits.
    """
    document, raw = _parts(body, json_length, limits)
    findings = Findings()
    parameters: dict[str, Parameter] = {}
    request_id = None
    with findings.at("request"):
        parameters = parameters_of(document, limits, switch="binary_data_output")
    with findings.at("request"):
        request_id = optional_text_of(document, "id")
    inputs = _tensors(document, "inputs", raw, limits, findings)
    outputs = _requested_outputs(document, limits, findings)
    findings.raise_any()
    raw.check_used()
    return InferRequest(model_name, inputs, model_version, request_id, parameters, outputs)


def encode_response(response: InferResponse, request: InferRequest) -> tuple[bytes, dict[str, str]]:
    """Body and headers of an answer, each output in the form that the request asks for, in JSON if it does not say.

    Raises:
        InvalidRequest: JSON cannot carry an output (FP16, NaN, infinities, bytes that are not UTF-8).
    """
    default = request.parameters.get("binary_data_output") is True
    asked = {output.name: output.is_binary for output in request.outputs}
    forms = [default if asked.get(tensor.name) is None else bool(asked[tensor.name]) for tensor in response.outputs]
    head = {"model_name": response.model_name, **_common(response.id, response.parameters)}
    if response.model_version is not None:
        head["model_version"] = response.model_version
    return _encoded(head, "outputs", response.outputs, forms)


def encode_request(request: InferRequest, *, is_binary: bool = True) -> tuple[bytes, dict[str, str]]:
    """Body and headers of a question: inputs, and outputs that it does not say otherwise of, as raw bytes or as JSON.

    Raises:
        InvalidRequest: `is_binary` is false, and JSON cannot carry an input.
    """
    parameters = {"binary_data_output": True, **request.parameters} if is_binary else request.parameters
    head = _common(request.id, parameters)
    if request.outputs:
        head["outputs"] = [_requested(output) for output in request.outputs]
    return _encoded(head, "inputs", request.inputs, [is_binary] * len(request.inputs))


def decode_response(body: bytes, json_length: int | None, limits: Limits) -> InferResponse:
    """The answer that a server gave.

    Raises:
        UpstreamBroken: the body is against the protocol, or over one of the limits.
    """
    try:
        return _response(body, json_length, limits)
    except CallerError as error:
        raise UpstreamBroken(f"The answer of the model server breaks the V2 protocol. {error.message}") from error


def selected(response: InferResponse, request: InferRequest) -> tuple[Tensor, ...]:
    """The outputs that the request asks for, in its order; all of them if it names none.

    Raises:
        InvalidRequest: it names one that the model does not have.
    """
    if not request.outputs:
        return response.outputs
    have = {tensor.name: tensor for tensor in response.outputs}
    unknown = [index for index, output in enumerate(request.outputs) if output.name not in have]
    if unknown:
        names = ", ".join(have) or "none"
        raise InvalidRequest(f"outputs[{unknown[0]}] is no output of this model, which has: {names}.")
    return tuple(have[output.name] for output in request.outputs)


def metadata_document(metadata: ModelMetadata) -> dict[str, object]:
    """What a model says of itself, as the JSON of its metadata route."""
    document: dict[str, object] = {
        "name": metadata.name,
        "platform": metadata.platform,
        "inputs": [_spec(spec) for spec in metadata.inputs],
        "outputs": [_spec(spec) for spec in metadata.outputs],
    }
    if metadata.versions:
        document["versions"] = list(metadata.versions)
    if metadata.properties:
        document["properties"] = dict(metadata.properties)
    return document


def _spec(spec: TensorSpec) -> dict[str, object]:
    return {"name": spec.name, "datatype": spec.datatype.value, "shape": list(spec.shape)}


def _parts(body: bytes, json_length: int | None, limits: Limits) -> tuple[dict[str, Any], RawBytes]:
    if len(body) > limits.max_body_bytes:
        raise TooLarge(f"The body has {len(body)} bytes; send at most {limits.max_body_bytes}, in several requests.")
    length = len(body) if json_length is None else json_length
    if length > len(body):
        raise InvalidRequest(f"Inference-Header-Content-Length says {length}, but the body has {len(body)} bytes.")
    if length > limits.max_json_bytes:
        raise TooLarge(
            f"The JSON has {length} bytes; send at most {limits.max_json_bytes}, and large tensors as binary data."
        )
    view = memoryview(body)
    return _object(view[:length]), RawBytes(view[length:])


def _object(text: memoryview) -> dict[str, Any]:
    try:
        document = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise InvalidRequest(
            f"The body is not valid JSON (line {error.lineno}, column {error.colno}). "
            "With binary data, Inference-Header-Content-Length must be the length of the JSON part; "
            "NaN and infinities travel as binary data only."
        ) from None
    if not isinstance(document, dict):
        raise InvalidRequest(f"The body must be a JSON object; found {kind_of(document)}.")
    return document


def _tensors(
    document: Mapping[str, Any], member: str, raw: RawBytes, limits: Limits, findings: Findings
) -> tuple[Tensor, ...]:
    tensors: list[Tensor] = []
    with findings.at(member):
        for index, value in enumerate(members_of(document, member, limits, required=True)):
            with findings.at(f"{member}[{index}]"):
                tensors.append(tensor_of(value, raw, limits))
        check_distinct([tensor.name for tensor in tensors])
    return tuple(tensors)


def _requested_outputs(document: Mapping[str, Any], limits: Limits, findings: Findings) -> tuple[RequestedOutput, ...]:
    outputs: list[RequestedOutput] = []
    with findings.at("outputs"):
        for index, value in enumerate(members_of(document, "outputs", limits, required=False)):
            with findings.at(f"outputs[{index}]"):
                is_binary = parameters_of(value, limits, switch="binary_data").get("binary_data")
                outputs.append(RequestedOutput(text_of(value, "name"), None if is_binary is None else bool(is_binary)))
        check_distinct([output.name for output in outputs])
    return tuple(outputs)


def _response(body: bytes, json_length: int | None, limits: Limits) -> InferResponse:
    document, raw = _parts(body, json_length, limits)
    findings = Findings()
    outputs = _tensors(document, "outputs", raw, limits, findings)
    findings.raise_any()
    raw.check_used()
    return InferResponse(
        text_of(document, "model_name"),
        outputs,
        optional_text_of(document, "model_version"),
        optional_text_of(document, "id"),
        parameters_of(document, limits),
    )


def _common(message_id: str | None, parameters: Mapping[str, Parameter]) -> dict[str, Any]:
    members: dict[str, Any] = {}
    if message_id is not None:
        members["id"] = message_id
    if parameters:
        members["parameters"] = dict(parameters)
    return members


def _encoded(
    head: dict[str, Any], member: str, tensors: Sequence[Tensor], forms: Sequence[bool]
) -> tuple[bytes, dict[str, str]]:
    raws = [raw_from_array(tensor) if is_raw else None for tensor, is_raw in zip(tensors, forms, strict=True)]
    head[member] = [_tensor(tensor, raw) for tensor, raw in zip(tensors, raws, strict=True)]
    text = orjson.dumps(head, option=orjson.OPT_SERIALIZE_NUMPY)
    if not any(forms):
        return text, {"content-type": "application/json"}
    body = b"".join([text, *(raw for raw in raws if raw)])
    return body, {"content-type": "application/octet-stream", JSON_LENGTH_HEADER: str(len(text))}


def _tensor(tensor: Tensor, raw: bytes | None) -> dict[str, Any]:
    members: dict[str, Any] = {"name": tensor.name, "shape": tensor.data.shape, "datatype": tensor.datatype.value}
    parameters = dict(tensor.parameters)
    if raw is None:
        members["data"] = json_from_array(tensor)
    else:
        parameters["binary_data_size"] = len(raw)
    if parameters:
        members["parameters"] = parameters
    return members


def _requested(output: RequestedOutput) -> dict[str, Any]:
    if output.is_binary is None:
        return {"name": output.name}
    return {"name": output.name, "parameters": {"binary_data": output.is_binary}}
