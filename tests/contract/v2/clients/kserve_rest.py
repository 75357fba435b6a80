"""Speaks to a server with KServe's REST client. Arguments: base URL, model, `binary` or `json`."""

import asyncio
import sys

import numpy as np

base_url, model, form = sys.argv[1:]
sys.argv = sys.argv[:1]  # importing kserve reads them

from kserve import InferenceRESTClient, InferInput, InferRequest, RESTConfig  # noqa: E402
from kserve.protocol.infer_type import RequestedOutput  # noqa: E402

is_binary = form == "binary"


async def main() -> None:
    numbers = np.array([[0.5, -2.25], [1e30, 0]], dtype=np.float32)
    texts = np.array([b"Z\xc3\xbcrich", b"", b"a\0"], dtype=np.object_)
    inputs = [InferInput("numbers", [2, 2], "FP32"), InferInput("texts", [3], "BYTES")]
    for tensor, array in zip(inputs, (numbers, texts), strict=True):
        tensor.set_data_from_numpy(array, binary_data=is_binary)
    outputs = [RequestedOutput(name, parameters={"binary_data": is_binary}) for name in ("numbers", "texts")]
    request = InferRequest(model, inputs, request_id="42", request_outputs=outputs)
    async with InferenceRESTClient(RESTConfig(protocol="v2")) as client:
        assert await client.is_server_live(base_url)
        assert await client.is_server_ready(base_url)
        assert await client.is_model_ready(base_url, model)
        assert not await client.is_model_ready(base_url, "no-such-model")
        response = await client.infer(base_url, request, model_name=model)
    assert response.id == "42"
    assert (response.get_output_by_name("numbers").as_numpy() == numbers).all()
    got = [item.encode() if isinstance(item, str) else item for item in response.get_output_by_name("texts").data]
    assert got == list(texts)


asyncio.run(main())
