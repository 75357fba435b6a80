"""The gateway's batch door, as `summit job` and `summit quarantine` call it: events in, jobs and quarantine out."""

import argparse
from collections.abc import Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote

import aiohttp
import orjson
from pydantic import BaseModel, ValidationError

from cli.home import Home, Ports
from cli.platform import Plan
from cli.settings import CliSettings
from summit_inference.client import error_of
from summit_inference.cloudevent import Event, structured_encoded
from summit_inference.errors import UpstreamBroken, UpstreamUnreachable
from summit_inference.jobs import JobList, JobStatus, QuarantineDetail, QuarantineList

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

_Message = TypeVar("_Message", bound=BaseModel)

_TIMEOUT_SECONDS = 30.0


class BatchDoor:
    """One session. Every method raises what the server says, as one of our errors, or UpstreamUnreachable."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session

    async def send(self, event: Event) -> None:
        """The event is accepted: it will be done, whatever stops meanwhile. Sent twice, it is taken once."""
        message = structured_encoded(event)
        await self._call("POST", "/events", data=message.body, headers=dict(message.headers))

    async def job(self, job_id: str) -> JobStatus:
        return await self._read(JobStatus, "GET", f"/jobs/{_part(job_id)}")

    async def jobs(self, after: str | None) -> JobList:
        return await self._read(JobList, "GET", "/jobs", params=_after(after))

    async def cancel(self, job_id: str) -> JobStatus:
        return await self._read(JobStatus, "POST", f"/jobs/{_part(job_id)}/cancel")

    async def retry(self, job_id: str) -> JobStatus:
        return await self._read(JobStatus, "POST", f"/jobs/{_part(job_id)}/retry")

    async def quarantine(self, after: str | None) -> QuarantineList:
        return await self._read(QuarantineList, "GET", "/quarantine", params=_after(after))

    async def entry(self, entry_id: str) -> QuarantineDetail:
        return await self._read(QuarantineDetail, "GET", f"/quarantine/{_part(entry_id)}")

    async def replay(self, entry_id: str) -> QuarantineDetail:
        return await self._read(QuarantineDetail, "POST", f"/quarantine/{_part(entry_id)}/replay")

    async def drop(self, entry_id: str) -> QuarantineDetail:
        return await self._read(QuarantineDetail, "POST", f"/quarantine/{_part(entry_id)}/drop")

    async def _read(self, kind: type[_Message], method: str, path: str, **options: Any) -> _Message:
        body = await self._call(method, path, **options)
        try:
            return kind.model_validate_json(body)
        except ValidationError as error:
            raise UpstreamBroken("what answers there speaks of no jobs; check AI_SERVICE_URL") from error

    async def _call(self, method: str, path: str, **options: Any) -> bytes:
        try:
            async with self._session.request(method, path, allow_redirects=False, **options) as response:
                body = await response.read()
                if not response.ok:
                    raise error_of(response.status, response.headers, body)
                return body
        except (aiohttp.ClientError, TimeoutError) as error:
            raise UpstreamUnreachable("the service does not answer; start it with `summit up`") from error


def add_address(verb: argparse.ArgumentParser) -> None:
    """The option that every verb has."""
    verb.add_argument("--url", help="the gateway; by default AI_SERVICE_URL, or the one of this machine")


def address(options: argparse.Namespace, settings: CliSettings) -> str:
    """The gateway's URL."""
    here = Plan(Home(settings.home), Ports(settings.port_offset)).gateway_url
    return str(options.url or settings.service_url or here)


@asynccontextmanager
async def batch_door(options: argparse.Namespace, settings: CliSettings) -> "AsyncIterator[BatchDoor]":
    """The door of the gateway that options or settings name."""
    token = settings.first_token()
    headers = {"authorization": f"Bearer {token}"} if token else {}
    timeout = aiohttp.ClientTimeout(total=_TIMEOUT_SECONDS)
    async with aiohttp.ClientSession(address(options, settings), headers=headers, timeout=timeout) as session:
        yield BatchDoor(session)


def as_line(message: BaseModel) -> str:
    """One JSON document on one line."""
    return orjson.dumps(message.model_dump(mode="json")).decode()


def _part(name: str) -> str:
    return quote(name, safe="")


def _after(after: str | None) -> Mapping[str, str]:
    return {} if after is None else {"after": after}
