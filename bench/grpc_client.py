"""A V2 client over gRPC with raw tensors: what the transformer would use if it called the predictor that way."""

from typing import Any, Self

import grpc

from summit_inference.tensors import Datatype, InferRequest, InferResponse, Tensor
from summit_inference.v2_binary import array_from_raw, raw_from_array
from summit_inference.v2_grpc_messages import SERVICE, message_class

_REQUEST, _RESPONSE = message_class("ModelInferRequest"), message_class("ModelInferResponse")
_UNBOUNDED = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]


class GrpcUpstream:
    """As `summit_inference.client.Upstream`, without its mapping of errors."""

    def __init__(self, address: str) -> None:
        self._channel = grpc.aio.insecure_channel(address, options=_UNBOUNDED)
        self._infer = self._channel.unary_unary(f"/{SERVICE}/ModelInfer")

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._channel.close()

    async def infer(self, request: InferRequest) -> InferResponse:
        """The answer."""
        return _decoded(_RESPONSE.FromString(await self._infer(_encoded(request))))


def _encoded(request: InferRequest) -> bytes:
    message = _REQUEST(model_name=request.model_name, model_version=request.model_version or "", id=request.id or "")
    for tensor in request.inputs:
        message.inputs.add(name=tensor.name, datatype=tensor.datatype.value, shape=tensor.data.shape)
        message.raw_input_contents.append(raw_from_array(tensor))
    encoded: bytes = message.SerializeToString()
    return encoded


def _decoded(message: Any) -> InferResponse:
    pairs = zip(message.outputs, message.raw_output_contents, strict=True)
    return InferResponse(message.model_name, tuple(_tensor(*pair) for pair in pairs), message.model_version)


def _tensor(output: Any, raw: bytes) -> Tensor:
    datatype = Datatype(output.datatype)
    return Tensor(output.name, datatype, array_from_raw(raw, datatype, tuple(output.shape)))
