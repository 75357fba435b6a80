"""Speaks to a server with tritonclient over gRPC. Arguments: host:port, model, model version."""

import sys

import numpy as np
import tritonclient.grpc as triton
from tritonclient.utils import InferenceServerException

address, model, version = sys.argv[1:]
client = triton.InferenceServerClient(address)
assert client.is_server_live()
assert client.is_server_ready()
assert client.is_model_ready(model)
assert client.is_model_ready(model, version)
assert client.get_server_metadata().extensions == ["binary_tensor_data"]
assert client.get_model_metadata(model, version).name == model

numbers = np.array([[0.5, -2.25], [1e30, 0]], dtype=np.float32)
halves = np.array([0.5, -2], dtype=np.float16)
texts = np.array([b"a\0", b"", b"\xff"], dtype=np.object_)
arrays: dict[str, tuple[np.ndarray, str]] = {
    "numbers": (numbers, "FP32"),
    "halves": (halves, "FP16"),
    "texts": (texts, "BYTES"),
}
inputs = []
for name, (array, datatype) in arrays.items():
    tensor = triton.InferInput(name, list(array.shape), datatype)
    tensor.set_data_from_numpy(array)
    inputs.append(tensor)


def refusal(name: str) -> InferenceServerException:
    try:
        client.infer(name, inputs)
    except InferenceServerException as error:
        return error
    raise AssertionError("an unknown model was not refused")


parameters = {"text": "é", "number": 2**40, "fraction": 0.5, "switch": True}
result = client.infer(model, inputs, model_version=version, request_id="42", parameters=parameters)
assert result.get_response().id == "42"
assert result.get_response().model_version == version
for name, (array, _) in arrays.items():
    assert (result.as_numpy(name) == array).all(), name
one = client.infer(model, inputs, outputs=[triton.InferRequestedOutput("halves")])
assert one.as_numpy("numbers") is None
assert (one.as_numpy("halves") == halves).all()
assert refusal("no-such-model").status() == "StatusCode.NOT_FOUND"
client.close()
