"""Speaks to a server with KServe's gRPC client. Arguments: host:port, model, `binary` or `json` (that is, typed)."""

import asyncio
import sys

import numpy as np

address, model, form = sys.argv[1:]
sys.argv = sys.argv[:1]  # importing kserve reads them

from kserve import InferenceGRPCClient, InferInput, InferRequest  # noqa: E402


async def main() -> None:
    numbers = np.array([[0.5, -2.25], [1e30, 0]], dtype=np.float32)
    texts = np.array([b"Z\xc3\xbcrich", b"", b"a\0"], dtype=np.object_)
    if form == "binary":
        inputs = [InferInput("numbers", [2, 2], "FP32"), InferInput("texts", [3], "BYTES")]
        for tensor, array in zip(inputs, (numbers, texts), strict=True):
            tensor.set_data_from_numpy(array, binary_data=True)
    else:
        inputs = [
            InferInput("numbers", [2, 2], "FP32", data=numbers.reshape(-1).tolist()),
            InferInput("texts", [3], "BYTES", data=list(texts)),
        ]
    async with InferenceGRPCClient(address) as client:
        assert await client.is_server_live()
        assert await client.is_server_ready()
        assert await client.is_model_ready(model)
        response = await client.infer(InferRequest(model, inputs, request_id="42"))
    assert response.id == "42"
    assert (response.get_output_by_name("numbers").as_numpy() == numbers).all()
    assert list(response.get_output_by_name("texts").as_numpy()) == list(texts)


asyncio.run(main())
