"""KServe's SDK, computing nothing: what its codec and its routes alone cost."""

from typing import Any

from kserve import InferOutput, InferRequest, InferResponse, Model, ModelServer

from bench.peers.settings import PeerSettings


class Echo(Model):  # type: ignore[misc] # kserve has no types
    """Answers with the tensors that it was sent, as binary data."""

    def __init__(self) -> None:
        super().__init__("echo")
        self.ready = True

    def predict(self, payload: InferRequest, _headers: Any = None, _response_headers: Any = None) -> InferResponse:
        """See the SDK."""
        return InferResponse(payload.id, self.name, [_output(tensor) for tensor in payload.inputs])


def _output(tensor: Any) -> InferOutput:
    output = InferOutput(tensor.name, tensor.shape, tensor.datatype)
    output.set_data_from_numpy(tensor.as_numpy(), binary_data=True)
    return output


if __name__ == "__main__":
    ModelServer(http_port=PeerSettings.load().port, enable_grpc=False, workers=1).start([Echo()])
