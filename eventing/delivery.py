"""Events on their way out: to a broker, a subscriber, or whatever takes CloudEvents over HTTP."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import aiohttp

from eventing.http_session import http_session
from summit_inference.client import error_of, foreign_errors_mapped
from summit_inference.cloudevent import Event, binary_encoded
from summit_inference.errors import SummitError, UpstreamUnreachable

_MAX_ANSWER_BYTES = 64 * 1024
_FIRST_REDIRECT = 300


@dataclass(slots=True)
class HttpTarget:
    """A URL that takes events, and the connections to it. Use it within one event loop, and close it there."""

    url: str
    timeout_seconds: float
    _session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._session = http_session(self.timeout_seconds)
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._session:
            await self._session.close()

    async def send(self, event: Event) -> None:
        """Deliver the event in binary mode: it is taken once this returns.

        Raises:
            SummitError: it is not; a CallerError where sending it again does not help.
        """
        if self._session is None:
            raise UpstreamUnreachable("The target is not open yet.")
        message = binary_encoded(event)
        with foreign_errors_mapped(UpstreamUnreachable("The sink did not take the event in time.")):
            async with self._session.post(
                self.url,
                data=message.body,
                headers=list(message.headers),
                allow_redirects=False,
                skip_auto_headers=("content-type",),
            ) as answer:
                if answer.status >= _FIRST_REDIRECT:
                    raise error_of(answer.status, answer.headers, await answer.content.read(_MAX_ANSWER_BYTES))

    async def publish(self, events: Sequence[Event]) -> list[SummitError | None]:
        """Deliver the events, side by side; for each None, or why it was not taken."""
        return list(await asyncio.gather(*(self._fault(each) for each in events)))

    async def _fault(self, event: Event) -> SummitError | None:
        try:
            await self.send(event)
        except SummitError as error:
            return error
        return None
