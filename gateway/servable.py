"""The gateway as a V2 model: what `V2App` and the gRPC handler offer is the one path of inference."""

from collections.abc import Callable

from gateway.caller import current
from gateway.dispatch import Dispatcher
from summit_inference.errors import ModelVersionNotFound
from summit_inference.tensors import InferRequest, InferResponse, ModelMetadata
from summit_inference.text_tensors import ENTITIES, TEXT


class GatewayServable:
    """The model behind the gateway, which answers whether it is up or not."""

    def __init__(
        self,
        name: str,
        dispatcher: Dispatcher,
        versions: Callable[[], tuple[str, ...]],
        is_draining: Callable[[], bool],
    ) -> None:
        self._name = name
        self._dispatcher = dispatcher
        self._versions = versions
        self._is_draining = is_draining

    @property
    def name(self) -> str:
        return self._name

    async def metadata(self, model_version: str | None) -> ModelMetadata:
        if not self._is_served(model_version):
            raise ModelVersionNotFound(f"This version is not served here; served are: {', '.join(self._versions())}.")
        return ModelMetadata(self._name, self._versions(), "summit_gateway", (TEXT,), ENTITIES)

    async def is_ready(self, model_version: str | None) -> bool:
        return self._is_served(model_version) and not self._is_draining()

    async def infer(self, request: InferRequest) -> InferResponse:
        return (await self._dispatcher.answer(request, current())).response

    def _is_served(self, model_version: str | None) -> bool:
        """Without routes the gateway does not know the versions, and lets the model decide."""
        versions = self._versions()
        return model_version is None or not versions or model_version in versions
