"""What a V2 server does, whatever the transport: find the model, keep the deadline, name the fault.

`v2_http.py` and `v2_grpc.py` translate to and from it, and add nothing.
"""

import asyncio
import logging
import re
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from http import HTTPStatus

from summit_inference import deadline as deadlines
from summit_inference import tracing
from summit_inference.context import RequestContext
from summit_inference.deadline import Deadline
from summit_inference.errors import DeadlineExceeded, InternalError, InvalidRequest, ModelNotFound, SummitError
from summit_inference.status import STATUSES, status_of
from summit_inference.tensors import InferRequest, InferResponse, ModelMetadata, Servable
from summit_inference.v2 import selected

MODEL_VERSION_HEADER = "x-model-version"
_SAFE_IN_A_HEADER = re.compile(r"[!-~]{1,128}")

_logger = logging.getLogger(__name__)


class V2Service:
    """The models of one server."""

    def __init__(
        self,
        servables: Mapping[str, Servable],
        *,
        server_name: str,
        server_version: str,
        is_live: Callable[[], bool] = lambda: True,
    ) -> None:
        self._servables = servables
        self.server_name = server_name
        self.server_version = server_version
        self.is_live = is_live

    def servable(self, model_name: str) -> Servable:
        """The model of this name.

        Raises:
            ModelNotFound: this server has none.
        """
        try:
            return self._servables[model_name]
        except KeyError:
            names = ", ".join(self._servables) or "none"
            raise ModelNotFound(f"This server has no model of that name; it has: {names}.") from None

    async def is_ready(self) -> bool:
        """Whether all models are ready."""
        return all(await asyncio.gather(*(servable.is_ready(None) for servable in self._servables.values())))

    async def is_model_ready(self, model_name: str, model_version: str | None) -> bool:
        """Whether the model would answer now.

        Raises:
            ModelNotFound, ModelVersionNotFound: it never would.
        """
        servable = self.servable(model_name)
        if await servable.is_ready(model_version):
            return True
        if model_version is not None:
            await servable.metadata(model_version)
        return False

    async def metadata(self, model_name: str, model_version: str | None) -> ModelMetadata:
        """What the model says of itself."""
        return await self.servable(model_name).metadata(model_version)

    async def infer(self, request: InferRequest) -> InferResponse:
        """The model's answer: the outputs that were asked for, under the id of the request."""
        response = await self.servable(request.model_name).infer(request)
        tracing.note_inference(request, response)
        return replace(response, outputs=selected(response, request), id=request.id)


def context_of(headers: Mapping[str, str]) -> tuple[RequestContext, InvalidRequest | None]:
    """The context of a request, and what is wrong with its headers: even then the answer carries an id."""
    try:
        return RequestContext.from_headers(headers), None
    except InvalidRequest as error:
        rest = {name: value for name, value in headers.items() if name != deadlines.HEADER}
        return RequestContext.from_headers(rest), error


def version_header(response: InferResponse) -> dict[str, str]:
    """The version that answered, as a header or metadata; nothing where there is none that a header can carry."""
    version = response.model_version or ""
    return {MODEL_VERSION_HEADER: version} if _SAFE_IN_A_HEADER.fullmatch(version) else {}


@asynccontextmanager
async def within(deadline: Deadline | None) -> AsyncIterator[None]:
    """Cancel the body when the caller's time is over.

    Raises:
        DeadlineExceeded: it is.
    """
    if deadline is None:
        yield
        return
    deadline.check()
    try:
        async with asyncio.timeout(deadline.remaining_seconds()) as timeout:
            yield
    except TimeoutError:
        if timeout.expired():
            raise DeadlineExceeded("The answer was not ready in the time that the caller allows; allow more.") from None
        raise


def answerable(error: Exception) -> SummitError:
    """The error that the caller sees. A fault of the server itself is logged; of a foreign one, the text stays here."""
    known = error if isinstance(error, SummitError) and type(error) in STATUSES else None
    if known is None or status_of(known).http == HTTPStatus.INTERNAL_SERVER_ERROR:
        _logger.error("request failed by a fault of the server", exc_info=error)
    return known or InternalError("The server failed by a fault of its own; its log has the reason by request id.")
