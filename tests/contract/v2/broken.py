"""For every item of the protocol, servers that break it in the ways that servers do."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import grpc
from contract.v2 import wire
from contract.v2.tampering import Broken, Document, Request

from summit_inference.http_message import HttpResponse
from summit_inference.v2_grpc_messages import message_class

_Edit = Callable[[Document], Any]


def _asked(edit: _Edit) -> Broken:
    """A server that reads the JSON of an inference request otherwise."""

    def bend(request: Request) -> Request:
        if not request.is_infer:
            return request
        try:
            document, tail = request.parts()
            edit(document)
        except (ValueError, KeyError, TypeError, AttributeError):  # not a request that this fault is about
            return request
        return request.with_parts(document, tail)

    return Broken(request=bend)


def _asked_input(edit: _Edit) -> Broken:
    return _asked(lambda document: [edit(tensor) for tensor in document["inputs"]])


def _said(path: str, edit: _Edit, *, status: int = 200) -> Broken:
    """A server that answers otherwise on paths like this."""

    def bend(request: Request, response: HttpResponse) -> HttpResponse:
        if not re.search(path, request.path) or response.status != status or wire.JSON_LENGTH in response.headers:
            return response
        document = json.loads(response.body)
        edit(document)
        return response._replace(body=json.dumps(document).encode())

    return Broken(response=bend)


def _status(path: str, status: int, was: Callable[[int], bool] = lambda _status: True) -> Broken:
    """A server that answers with another status on paths like this."""

    def bend(request: Request, response: HttpResponse) -> HttpResponse:
        is_meant = re.search(path, request.path) and was(response.status)
        return response._replace(status=status) if is_meant else response

    return Broken(response=bend)


def _header(name: str, value: str | None) -> Broken:
    """A server that sends another value of a header, or none."""

    def bend(_request: Request, response: HttpResponse) -> HttpResponse:
        headers = {key: was for key, was in response.headers.items() if key != name}
        return response._replace(headers=headers if value is None else {**headers, name: value})

    return Broken(response=bend)


def _refused_if(is_refused: Callable[[Request], bool]) -> Broken:
    """A server that cannot read some requests that it should."""

    def bend(request: Request, response: HttpResponse) -> HttpResponse:
        return response._replace(status=400, body=b'{"error": "no"}') if is_refused(request) else response

    return Broken(response=bend)


def _question(edit: Callable[[Any], Any], method: str = "ModelInfer") -> Broken:
    return Broken(question=lambda asked, message: edit(message) if asked == method else None)


def _answer(edit: Callable[[Any], Any], method: str = "ModelInfer") -> Broken:
    return Broken(answer=lambda asked, message: edit(message) if asked == method else None)


def _set(**values: object) -> Callable[[Any], None]:
    return lambda message: message.MergeFrom(type(message)(**values))


def _clear(name: str) -> Callable[[Any], None]:
    return lambda message: message.ClearField(name)


def _unversioned(request: Request) -> Request:
    return replace(request, path=re.sub("/versions/[^/]+", "", request.path))


def _detail(_request: Request, response: HttpResponse) -> HttpResponse:
    return response._replace(body=b'{"detail": "Not Found"}') if response.status in {404, 405} else response


def _coerced(tensor: Document) -> None:
    if "INT" in tensor["datatype"]:
        tensor["data"] = [int(element) for element in tensor["data"]]


def _wrapped(tensor: Document) -> None:
    if "INT" in tensor["datatype"]:
        bits = int(tensor["datatype"].lstrip("UINT"))
        signed = 0 if tensor["datatype"].startswith("U") else 2 ** (bits - 1)
        tensor["data"] = [(element + signed) % 2**bits - signed for element in tensor["data"]]


def _resized(tensor: Document) -> None:
    size = 1
    for dimension in tensor["shape"]:
        size *= dimension
    tensor["data"] = (tensor["data"] + [0] * size)[:size]


def _null_for_nan(_request: Request, response: HttpResponse) -> HttpResponse:
    if response.status != 400 or b"NaN" not in response.body:
        return response
    output = {"name": "probe", "shape": [1], "datatype": "FP32", "data": [None]}
    return response._replace(status=200, body=json.dumps({"model_name": "echo", "outputs": [output]}).encode())


def _sizes_as_numbers(tensor: Document) -> None:
    tensor["parameters"]["binary_data_size"] = int(tensor["parameters"]["binary_data_size"])


def _big_endian(_request: Request, response: HttpResponse) -> HttpResponse:
    at = int(response.headers.get(wire.JSON_LENGTH, len(response.body)))
    return response._replace(body=response.body[:at] + response.body[at:][::-1])


def _guessed_length(request: Request) -> Request:
    if not request.is_infer or b"binary_data_size" not in request.body or wire.JSON_LENGTH in request.headers:
        return request
    text = request.body.decode("latin-1")
    at = json.JSONDecoder().raw_decode(text)[1]
    return replace(request, headers={**request.headers, wire.JSON_LENGTH: str(at)})


def _forgiven_tail(request: Request) -> Request:
    try:
        document, tail = request.parts()
        size = sum(tensor["parameters"]["binary_data_size"] for tensor in document["inputs"])
    except (ValueError, KeyError, TypeError):
        return request
    return request.with_parts(document, tail[:size])


def _is_mixed(request: Request) -> bool:
    return request.is_infer and b'"data"' in request.body and b"binary_data_size" in request.body


def _single_precision(message: Any) -> None:
    for tensor in message.inputs:
        if tensor.datatype == "FP16" and tensor.HasField("contents"):
            tensor.datatype = "FP32"


def _fitting_shapes(message: Any) -> None:
    for tensor in message.inputs:
        if tensor.contents.int_contents:
            tensor.shape[:] = [len(tensor.contents.int_contents)]


def _fitting_raws(message: Any) -> None:
    raws = [*message.raw_input_contents, *([b""] * len(message.inputs))][: len(message.inputs)]
    message.raw_input_contents[:] = raws if message.raw_input_contents else []


def _reversed_raws(message: Any) -> None:
    message.raw_output_contents[:] = [raw[::-1] for raw in message.raw_output_contents]


def _typed_ignored(message: Any) -> None:
    for tensor in message.inputs if message.raw_input_contents else ():
        tensor.ClearField("contents")


def _wrapped_numbers(message: Any) -> None:
    for tensor in message.inputs:
        if tensor.datatype == "INT8":
            numbers = [(number + 128) % 256 - 128 for number in tensor.contents.int_contents]
            tensor.contents.int_contents[:] = numbers


def _sizes_as_parameters(message: Any) -> None:
    for output in message.outputs:
        output.parameters["binary_data_size"].CopyFrom(message_class("InferParameter")(int64_param=1))


def _old_parameters_only(message: Any) -> None:
    for name, value in list(message.parameters.items()):
        if value.WhichOneof("parameter_choice") in {"double_param", "uint64_param"}:
            del message.parameters[name]


BROKEN: dict[str, dict[str, Broken]] = {
    "r01": {"live is an error": _status("health/live", 503)},
    "r02": {"ready looks at no model": _status("health/ready", 200)},
    "r03": {
        "ready looks at no model": _status("models/.*/ready", 200),
        "the version is ignored": Broken(request=_unversioned),
    },
    "r04": {"no extensions": _said("^/v2/?$", lambda document: document.pop("extensions"))},
    "r05": {
        "no platform": _said("models/echo$", lambda document: document.pop("platform")),
        "versions are null": _said("models/echo$", lambda document: document.update(versions=None)),
    },
    "r06": {"versioned paths are not implemented": _status("versions/.*/infer", 501)},
    "r07": {"no version in the answer": _said("echo/infer", lambda document: document.pop("model_version"))},
    "r08": {"created": _status("infer", 201), "plain text": _header("content-type", "text/plain")},
    "r09": {"the caller's fault is ours": _status("infer", 500, was=lambda status: status == 400)},
    "r10": {"detail in place of error": Broken(response=_detail)},
    "r11": {"no inputs are taken for none": _asked(lambda document: document.setdefault("inputs", []))},
    "r12": {"no id in the answer": _said("infer", lambda document: document.pop("id", None))},
    "r13": {"bad parameters are dropped": _asked(lambda document: document.update(parameters={}))},
    "r14": {"outputs are ignored": _asked(lambda document: document.pop("outputs"))},
    "r15": {
        "negative sizes are turned": _asked_input(lambda one: one.update(shape=[abs(size) for size in one["shape"]])),
        "datatype has a default": _asked_input(lambda one: one.setdefault("datatype", "INT8")),
    },
    "r16": {"case is ignored": _asked_input(lambda one: one.update(datatype=one["datatype"].upper()))},
    "r17": {"nested data is refused": _refused_if(lambda request: b"[[" in request.body)},
    "r18": {"data is cut or filled": _asked_input(_resized)},
    "r19": {"fractions are cut": _asked_input(_coerced)},
    "r20": {"numbers wrap around": _asked_input(_wrapped)},
    "r21": {"half floats are read as floats": _asked_input(lambda one: one.update(datatype="FP32"))},
    "r22": {"unset members are null": _said("infer", lambda document: document.setdefault("parameters"))},
    "r23": {"outputs without a shape": _said("infer", lambda document: document["outputs"][0].pop("shape"))},
    "r24": {"NaN becomes null": Broken(response=_null_for_nan)},
    "r25": {"unknown is a bad request": _status("no-such", 400), "unknown is fine": _status("no-such", 200)},
    "r26": {"a scalar is a list of one": _asked_input(lambda one: one.update(shape=one["shape"] or [1]))},
    "r27": {"unknown members are refused": _refused_if(lambda request: b"unknown" in request.body)},
    "r28": {"no Allow": _header("allow", None), "not found": _status("", 404, was=lambda status: status == 405)},
    "b01": {"no length in the answer": _header(wire.JSON_LENGTH, None)},
    "b02": {"sizes may be text": _asked_input(_sizes_as_numbers)},
    "b03": {"tensors by name": _asked(lambda document: document["inputs"].sort(key=lambda one: one["name"]))},
    "b04": {"the form is ignored": _asked(lambda document: [one.pop("parameters") for one in document["outputs"]])},
    "b05": {"the default is ignored": _asked(lambda document: document.pop("parameters"))},
    "b06": {"big-endian": Broken(response=_big_endian)},
    "b07": {"the length is guessed": Broken(request=_guessed_length), "a long body": Broken(request=_forgiven_tail)},
    "b08": {"no mixing": _refused_if(_is_mixed)},
    "b09": {"no extension": _said("^/v2$", lambda document: document.update(extensions=[]))},
    "b10": {"always JSON": _header("content-type", "application/json")},
    "g01": {"another package": Broken(is_hidden=True)},
    "g02": {"never live": _answer(_clear("live"), "ServerLive")},
    "g03": {"ready looks at no model": _answer(_set(ready=True), "ServerReady")},
    "g04": {
        "ready looks at no model": _answer(_set(ready=True), "ModelReady"),
        "the version is ignored": _question(_clear("version"), "ModelReady"),
    },
    "g05": {"no extensions": _answer(_clear("extensions"), "ServerMetadata")},
    "g06": {
        "no versions": _answer(_clear("versions"), "ModelMetadata"),
        "the version is ignored": _question(_clear("version"), "ModelMetadata"),
    },
    "g07": {"other numbers": _answer(_reversed_raws)},
    "g08": {"all codes are UNKNOWN": Broken(code=lambda _code: grpc.StatusCode.UNKNOWN)},
    "g09": {"the version is ignored": _question(_clear("model_version"))},
    "g10": {"no id in the answer": _answer(_clear("id"))},
    "g11": {"outputs are ignored": _question(_clear("outputs"))},
    "g12": {"contents beside raw are ignored": _question(_typed_ignored)},
    "g13": {"numbers wrap around": _question(_wrapped_numbers)},
    "g14": {"half floats are read as floats": _question(_single_precision)},
    "g15": {"big-endian": _answer(_reversed_raws)},
    "g16": {"the shape follows the data": _question(_fitting_shapes)},
    "g17": {"raw contents are cut or filled": _question(_fitting_raws)},
    "g18": {"sizes as parameters": _answer(_sizes_as_parameters)},
    "g19": {"no double and uint64": _question(_old_parameters_only)},
    "g20": {"no properties": _answer(_clear("properties"), "ModelMetadata")},
    "g21": {"no version in the answer": _answer(_clear("model_version"))},
}
"""Item → what is wrong → the server."""
