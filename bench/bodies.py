"""The same texts as each server wants to be asked: whole HTTP requests, so that no load generator has to make any."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from summit_inference import v2
from summit_inference.tensors import Datatype, InferRequest, Tensor
from transformers_stage.pipeline import TextPipeline, WindowPlan

Body = tuple[bytes, Mapping[str, str]]
"""With its headers."""
BodyOf = Callable[[Sequence[str]], Body]
_ID = "1"
"""Without an id KServe's SDK answers 500."""
_JSON = {"content-type": "application/json"}


def plain(texts: Sequence[str]) -> Body:
    """As most servers take anything."""
    return json.dumps({"texts": texts}).encode(), _JSON


def v2_text(texts: Sequence[str]) -> Body:
    """The V2 protocol's JSON."""
    tensor = {"name": "text", "datatype": "BYTES", "shape": [len(texts)], "data": texts}
    return json.dumps({"id": _ID, "inputs": [tensor]}).encode(), _JSON


def packed_tensors(model_directory: Path, model_name: str) -> BodyOf:
    """Token ids, as our transformer sends them to our predictor."""
    pipeline = TextPipeline.load(model_directory, model_directory, WindowPlan())

    def body(texts: Sequence[str]) -> Body:
        return v2.encode_request(packed_request(pipeline, model_name, texts))

    return body


def packed_request(pipeline: TextPipeline, model_name: str, texts: Sequence[str]) -> InferRequest:
    """One request for the token ids of all `texts`."""
    sequences = pipeline.encode(texts).sequences
    tensors = [
        Tensor("input_ids", Datatype.INT64, sequences.input_ids[np.newaxis]),
        Tensor("sequence_lengths", Datatype.INT64, sequences.lengths),
    ]
    if sequences.token_type_ids is not None:
        tensors.append(Tensor("token_type_ids", Datatype.INT64, sequences.token_type_ids[np.newaxis]))
    return InferRequest(model_name, tuple(tensors), id=_ID)


def http_request(path: str, body: Body) -> bytes:
    """A POST, ready to be written to a socket."""
    content, headers = body
    fields = {"host": "127.0.0.1", **headers, "content-length": str(len(content))}
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"POST {path} HTTP/1.1\r\n{head}\r\n".encode() + content


def groups(texts: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    """The texts of each request; the last group is whole, too."""
    for start in range(0, len(texts) - size + 1, size):
        yield texts[start : start + size]


def write(requests: Sequence[bytes], path: Path) -> None:
    """The file that `wrk.lua` reads: each request behind a line with its length."""
    path.write_bytes(b"".join(b"%d\n%b" % (len(request), request) for request in requests))
