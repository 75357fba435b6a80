"""The model as batch work sees it: behind the gateway, one exact version, and never the fallback."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from summit_inference.client import Upstream
from summit_inference.context import current, working_on
from summit_inference.deadline import Deadline
from summit_inference.errors import (
    Forbidden,
    ModelNotReady,
    ModelVersionNotFound,
    Unauthenticated,
    UpstreamBroken,
    UpstreamUnreachable,
)
from summit_inference.spans import Span
from summit_inference.tensors import InferRequest
from summit_inference.text_tensors import spans_of, text_tensor

_PROBE = ("The model is asked whether it works.",)
_REFUSE = {"degradation": "refuse"}


@dataclass(frozen=True, slots=True)
class Model:
    """A model by its name, at the gateway."""

    name: str
    gateway: Upstream
    answer_seconds: float
    probe_seconds: float

    async def champion(self) -> str:
        """The version that a job takes which names none: the first of those that the gateway routes to.

        Raises:
            ModelNotReady: the gateway knows of none yet.
            SummitError: as `Upstream.metadata`.
        """
        with _asking(self.probe_seconds):
            metadata = await self.gateway.metadata(self.name)
        if not metadata.versions:
            raise ModelNotReady("The gateway does not say which model version serves; send the event again later.")
        return metadata.versions[0]

    async def serves(self, model_version: str) -> bool:
        """Whether the gateway routes to the version."""
        try:
            with _asking(self.probe_seconds):
                await self.gateway.metadata(self.name, model_version)
        except ModelVersionNotFound:
            return False
        return True

    async def spans(self, texts: Sequence[str], model_version: str) -> list[list[Span]]:
        """The spans of each text, by this version.

        Raises:
            SummitError: as `Upstream.infer`; DegradedRefused where only the fallback could answer.
        """
        return await self._answer(texts, model_version, self.answer_seconds)

    async def check(self, model_version: str) -> None:
        """Do nothing where the version answers a short text. Raises as `spans`."""
        await self._answer(_PROBE, model_version, self.probe_seconds)

    async def _answer(self, texts: Sequence[str], model_version: str, seconds: float) -> list[list[Span]]:
        request = InferRequest(self.name, (text_tensor(texts),), model_version, parameters=_REFUSE)
        with _asking(seconds):
            response = await self.gateway.infer(request)
        if response.parameters.get("degraded") is not False or response.model_version != model_version:
            raise UpstreamBroken("The gateway's answer is not that of the model version that was asked.")
        return spans_of(response, len(texts))


@contextmanager
def _asking(seconds: float) -> Iterator[None]:
    """A call of the batch class with a deadline. A key that the gateway refuses is our fault, not the job's."""
    try:
        with working_on(replace(current(), is_batch=True, deadline=Deadline.after(seconds))):
            yield
    except (Forbidden, Unauthenticated) as error:
        raise UpstreamUnreachable("The gateway refuses our key; set AI_GATEWAY_TOKEN to one of scope batch.") from error
