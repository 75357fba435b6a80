"""Tensors as the tests put them on the wire and read them back: apart from the product's codec, with `struct`."""

import itertools
import json
import math
import struct
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import httpx
import pytest

from summit_inference.v2_grpc_messages import message_class

Document = dict[str, Any]
Answer = dict[str, tuple[str, tuple[int, ...], list[Any]]]
"""Each output's name → datatype, shape, flat elements (BYTES as `bytes`)."""

FORMATS = {
    "BOOL": "?", "UINT8": "B", "UINT16": "H", "UINT32": "I", "UINT64": "Q", "INT8": "b", "INT16": "h", "INT32": "i",
    "INT64": "q", "FP16": "e", "FP32": "f", "FP64": "d",
}  # fmt: skip
CONTENTS = {
    "BOOL": "bool_contents", "INT8": "int_contents", "INT16": "int_contents", "INT32": "int_contents",
    "INT64": "int64_contents", "UINT8": "uint_contents", "UINT16": "uint_contents", "UINT32": "uint_contents",
    "UINT64": "uint64_contents", "FP32": "fp32_contents", "FP64": "fp64_contents", "BYTES": "bytes_contents",
}  # fmt: skip
JSON_LENGTH = "inference-header-content-length"


def elements(tensor: Document) -> list[Any]:
    """The flat elements of a JSON tensor, strings as UTF-8."""
    return [item.encode() if isinstance(item, str) else item for item in tensor["data"]]


def raw(datatype: str, items: Iterable[Any]) -> bytes:
    """Elements as raw bytes."""
    if datatype == "BYTES":
        return b"".join(struct.pack("<I", len(item)) + item for item in items)
    flat = list(items)
    return struct.pack(f"<{len(flat)}{FORMATS[datatype]}", *flat)


def from_raw(datatype: str, data: bytes) -> list[Any]:
    """Elements out of raw bytes."""
    if datatype != "BYTES":
        return list(struct.unpack(f"<{len(data) // struct.calcsize('<' + FORMATS[datatype])}{FORMATS[datatype]}", data))
    items = []
    while data:
        end = 4 + struct.unpack("<I", data[:4])[0]
        items.append(data[4:end])
        data = data[end:]
    return items


def nested(data: Sequence[Any], shape: Sequence[int]) -> Any:
    """Flat elements nested by a shape."""
    if not shape:
        return data[0]
    if len(shape) == 1:
        return list(data)
    size = math.prod(shape[1:])
    return [nested(data[row * size : (row + 1) * size], shape[1:]) for row in range(shape[0])]


def binary_tensor(tensor: Document) -> tuple[Document, bytes]:
    """A JSON tensor as one whose data follows, and the data."""
    data = raw(tensor["datatype"], elements(tensor))
    head = {name: value for name, value in tensor.items() if name != "data"}
    return {**head, "parameters": {"binary_data_size": len(data)}}, data


def binary_body(document: Document, tensors: Iterable[Document]) -> tuple[bytes, dict[str, str]]:
    """A body whose inputs are these, all binary, and its headers."""
    heads, datas = zip(*(binary_tensor(tensor) for tensor in tensors), strict=True)
    return body_of({**document, "inputs": list(heads)}, b"".join(datas))


def body_of(document: Document, tail: bytes) -> tuple[bytes, dict[str, str]]:
    """JSON with raw bytes behind it, and its headers."""
    text = json.dumps(document).encode()
    return text + tail, {JSON_LENGTH: str(len(text)), "content-type": "application/octet-stream"}


def answer_of(response: httpx.Response) -> Answer:
    """The outputs of a success, wherever their data is."""
    assert response.status_code == 200, response.text
    at = int(response.headers.get(JSON_LENGTH, len(response.content)))
    document = httpx.Response(200, content=response.content[:at]).json()
    answer: Answer = {}
    for output in document["outputs"]:
        size = output.get("parameters", {}).get("binary_data_size")
        if size is None:
            items = elements(output)
        else:
            items = from_raw(output["datatype"], response.content[at : at + size])
            at += size
        answer[output["name"]] = (output["datatype"], tuple(output["shape"]), items)
    assert at == len(response.content)
    return answer


def grpc_request(model_name: str, tensors: Iterable[Document], *, is_raw: bool, **fields: Any) -> Any:
    """A ModelInferRequest whose inputs are these."""
    message = message_class("ModelInferRequest")(model_name=model_name, **fields)
    for tensor in tensors:
        added = message.inputs.add(name=tensor["name"], datatype=tensor["datatype"], shape=tensor["shape"])
        if is_raw:
            message.raw_input_contents.append(raw(tensor["datatype"], elements(tensor)))
        else:
            getattr(added.contents, CONTENTS[tensor["datatype"]]).extend(elements(tensor))
    return message


def grpc_answer(message: Any) -> Answer:
    """The outputs of a ModelInferResponse, typed or raw."""
    answer: Answer = {}
    raws = list(message.raw_output_contents)
    for output, data in itertools.zip_longest(message.outputs, raws):
        items = from_raw(output.datatype, data) if raws else list(getattr(output.contents, CONTENTS[output.datatype]))
        answer[output.name] = (output.datatype, tuple(output.shape), items)
    return answer


def assert_same(left: Answer, right: Mapping[str, Any]) -> None:
    """Both have the same outputs; fractions may differ in their last digits, as JSON writes fewer."""
    assert left.keys() == right.keys()
    for name, (datatype, shape, items) in left.items():
        assert (datatype, shape) == right[name][:2]
        assert items == (pytest.approx(right[name][2], rel=1e-5) if datatype.startswith("FP") else right[name][2])
