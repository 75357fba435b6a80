"""`POST /extract` for Python callers: an answer within a time, and what is refused for the moment is sent again.

Within `context.working_on`, the request's id, trace and deadline go with every call, as they do in our own servers.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Literal, Self, TypeVar

from pydantic import ValidationError

from summit_inference import context
from summit_inference import deadline as deadlines
from summit_inference.client import Upstream
from summit_inference.deadline import Deadline
from summit_inference.errors import BusyError, SummitError, UpstreamBroken
from summit_inference.extraction import ExtractListResponse, ExtractRequest, ExtractResponse
from summit_inference.status import status_of

Degradation = Literal["allow", "refuse", "only"]
Sleep = Callable[[float], Awaitable[None]]

_Answer = TypeVar("_Answer", ExtractResponse, ExtractListResponse)
_FIRST_PAUSE_SECONDS = 0.1
_WAY_SECONDS, _WAY_SHARE = 0.1, 0.1
"""Kept of the time for the way there and back: so much, or this share of what is left, whichever is less."""


class ExtractClient:
    """A gateway, and the kept-alive connections to it. Use it within one event loop, and close it there.

    Extraction changes nothing, so every failure that may pass is tried again, `attempts` times in all, while there is
    time: after what `Retry-After` says, or after a pause that doubles. The last failure is raised.
    """

    def __init__(
        self,
        url: str,
        *,
        token: str | None = None,
        timeout_seconds: float = 30.0,
        attempts: int = 3,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        headers = {"authorization": f"Bearer {token}"} if token else {}
        self._upstream = Upstream(url, timeout_seconds=timeout_seconds, headers=headers)
        self._timeout_seconds = timeout_seconds
        self._attempts = attempts
        self._sleep = sleep

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def extract(
        self, text: str, *, timeout_seconds: float | None = None, degradation: Degradation | None = None
    ) -> ExtractResponse:
        """The entities of one text, within the time: the client's own where none is given.

        Raises:
            CallerError: the request, or the key, is wrong.
            BusyError: refused for the moment, in every attempt; with `degradation="refuse"` above all.
            DeadlineExceeded: the time was over.
            UpstreamError: the gateway is not there, or its answer is none.
        """
        return await self._answer(ExtractRequest(text=text), ExtractResponse, timeout_seconds, degradation)

    async def extract_all(
        self, texts: Sequence[str], *, timeout_seconds: float | None = None, degradation: Degradation | None = None
    ) -> ExtractListResponse:
        """The entities of each text, in order; otherwise as `extract`."""
        return await self._answer(ExtractRequest(texts=list(texts)), ExtractListResponse, timeout_seconds, degradation)

    async def aclose(self) -> None:
        """Close every connection."""
        await self._upstream.aclose()

    async def _answer(
        self,
        request: ExtractRequest,
        kind: type[_Answer],
        timeout_seconds: float | None,
        degradation: Degradation | None,
    ) -> _Answer:
        headers = {"content-type": "application/json"} | ({"x-degradation": degradation} if degradation else {})
        deadline = _earlier(context.current().deadline, timeout_seconds or self._timeout_seconds)
        with context.working_on(replace(context.current(), deadline=deadline)):
            body = await self._asked(request.model_dump_json(exclude_none=True).encode(), headers, deadline)
        try:
            return kind.model_validate_json(body)
        except ValidationError as error:
            raise UpstreamBroken("What answers at /extract is no gateway of this service; check its URL.") from error

    async def _asked(self, body: bytes, headers: Mapping[str, str], deadline: Deadline) -> bytes:
        for attempt in range(1, self._attempts):
            try:
                return await self._post(body, headers, deadline)
            except SummitError as error:
                pause = _pause_seconds(error, attempt)
                if not status_of(error).is_retryable or pause >= deadline.remaining_seconds():
                    raise
            await self._sleep(pause)
        return await self._post(body, headers, deadline)

    async def _post(self, body: bytes, headers: Mapping[str, str], deadline: Deadline) -> bytes:
        """Tell the gateway a little less than there is, so that its last word arrives while it is waited for."""
        left = deadline.remaining_seconds()
        told = Deadline.after(left - min(_WAY_SECONDS, _WAY_SHARE * left)).as_header()
        return await self._upstream.post("/extract", body, {**headers, deadlines.HEADER: told})


def _earlier(deadline: Deadline | None, timeout_seconds: float) -> Deadline:
    own = Deadline.after(timeout_seconds)
    return deadline if deadline and deadline.remaining_seconds() < timeout_seconds else own


def _pause_seconds(error: SummitError, attempt: int) -> float:
    """Never two callers at the same moment: those who were refused together would be so again."""
    asked = error.retry_after_seconds if isinstance(error, BusyError) else 0.0
    return max(asked, _FIRST_PAUSE_SECONDS * 2.0**attempt) * random.uniform(1.0, 1.3)  # noqa: S311 - no secret
