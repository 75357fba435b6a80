"""Draining: a server that is about to stop says so first, and answers for as long as anyone may still be sent to it."""

from summit_inference.tensors import InferRequest, InferResponse, ModelMetadata, Servable


class Drain:
    """Whether this process is on its way out. Set once, never unset."""

    def __init__(self) -> None:
        self.has_begun = False

    def begin(self) -> None:
        """From now on readiness is false; work goes on."""
        self.has_begun = True

    def watched(self, servable: Servable) -> Servable:
        """The same model, which is not ready any more once the drain has begun."""
        return _Watched(servable, self)


class _Watched:
    def __init__(self, servable: Servable, drain: Drain) -> None:
        self._servable, self._drain = servable, drain

    @property
    def name(self) -> str:
        return self._servable.name

    async def metadata(self, model_version: str | None) -> ModelMetadata:
        return await self._servable.metadata(model_version)

    async def is_ready(self, model_version: str | None) -> bool:
        return not self._drain.has_begun and await self._servable.is_ready(model_version)

    async def infer(self, request: InferRequest) -> InferResponse:
        return await self._servable.infer(request)
