"""Speaks to a server with tritonclient over HTTP. Arguments: host:port, model, model version, `binary` or `json`."""

import sys

import numpy as np
import tritonclient.http as triton
from tritonclient.utils import InferenceServerException

address, model, version, form = sys.argv[1:]
is_binary = form == "binary"
client = triton.InferenceServerClient(address)
assert client.is_server_live()
assert client.is_server_ready()
assert client.is_model_ready(model)
assert client.is_model_ready(model, version)
assert not client.is_model_ready(model, "no-such")
assert "binary_tensor_data" in client.get_server_metadata()["extensions"]
assert client.get_model_metadata(model, version)["name"] == model

numbers = np.array([[0.5, -2.25], [1e30, 0]], dtype=np.float32)
texts = np.array(["Zürich", "", "a\0"], dtype=np.object_)
nothing = np.empty((0, 2), dtype=np.int64)
inputs, outputs = [], []
for name, array, datatype in (("numbers", numbers, "FP32"), ("texts", texts, "BYTES"), ("nothing", nothing, "INT64")):
    tensor = triton.InferInput(name, list(array.shape), datatype)
    tensor.set_data_from_numpy(array, binary_data=is_binary)
    inputs.append(tensor)
    outputs.append(triton.InferRequestedOutput(name, binary_data=is_binary))


def check(result: triton.InferResult) -> None:
    assert result.get_response()["id"] == "42"
    assert (result.as_numpy("numbers") == numbers).all()
    got = [item.decode() if isinstance(item, bytes) else item for item in result.as_numpy("texts")]
    assert got == list(texts)
    assert result.as_numpy("nothing").shape == (0, 2)


def refusal(output: str) -> InferenceServerException:
    try:
        client.infer(model, inputs, outputs=[triton.InferRequestedOutput(output)])
    except InferenceServerException as error:
        return error
    raise AssertionError("an unknown output was not refused")


check(client.infer(model, inputs, outputs=outputs, request_id="42"))
check(client.infer(model, inputs, model_version=version, outputs=outputs, request_id="42"))
check(client.infer(model, inputs, request_id="42"))  # every output, which this client wants as binary data
for compression in ("gzip", "deflate"):
    check(client.infer(model, inputs, outputs=outputs, request_id="42", request_compression_algorithm=compression))
error = refusal("no such output")
assert error.status() == "400"
assert "outputs[0]" in error.message()
client.close()
