"""A server of ours that computes nothing, so that the wire alone costs: `python -m bench.echo`.

It answers with the tensors that it was sent, over the same shell, codec and ports as predictor and transformer, and
reads the predictor's settings.
"""

from predictor.settings import PredictorSettings
from serving.command import run
from serving.front import Served
from serving.kserve_server import serve
from serving.listener import Address
from summit_inference.lineage import Lineage
from summit_inference.tensors import InferRequest, InferResponse, ModelMetadata
from summit_inference.v2_limits import Limits

NAME = "echo"


class Echo:
    """See `Servable`."""

    name = NAME
    _lineage = Lineage(NAME, "1", None)

    async def metadata(self, model_version: str | None) -> ModelMetadata:
        """It takes anything."""
        self._lineage.check_asked(model_version)
        return ModelMetadata(NAME, (self._lineage.version,), "echo", (), ())

    async def is_ready(self, model_version: str | None) -> bool:
        """At once."""
        return self._lineage.is_asked(model_version)

    async def infer(self, request: InferRequest) -> InferResponse:
        """The inputs as outputs."""
        return InferResponse(NAME, request.inputs, self._lineage.version, request.id, self._lineage.parameters())


def _start() -> None:
    settings = PredictorSettings.load()
    address = Address(settings.listen_host, settings.listen_port, settings.grpc_port, settings.drain_seconds)
    serve(Served(Echo(), "echo", Limits(max_body_bytes=settings.max_body_bytes)), address)


if __name__ == "__main__":
    run(_start)
