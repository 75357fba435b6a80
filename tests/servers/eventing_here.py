"""Eventing in this process, over a ledger and a model of the test's: its routes without a socket, its loops running."""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from eventing.server import Eventing
from eventing.settings import EventingSettings
from serving.drain import Drain
from summit_inference.cloudevent import Event, binary_encoded, structured_encoded
from summit_inference.events import RequestedData, event_of

_PATIENCE_SECONDS = 120
SWIFT: dict[str, Any] = {
    "backoff_seconds": 0.01,
    "max_backoff_seconds": 0.05,
    "poll_seconds": 0.1,
    "slot_wait_seconds": 0.02,
    "max_tries": 3,
    "chunk_seconds": 20,
    "probe_seconds": 10,
    "connect_timeout_seconds": 10,
    "watch_seconds": 0.5,
    "progress_seconds": 0.05,
    "chunk_documents": 4,
}
"""Settings under which nothing takes long."""


@dataclass(frozen=True)
class Here:
    """A consumer that runs."""

    http: httpx.AsyncClient
    results: Path

    async def send(self, event: Event, *, is_structured: bool = False, path: str = "/") -> httpx.Response:
        """Deliver an event as a broker does."""
        message = structured_encoded(event) if is_structured else binary_encoded(event)
        return await self.http.post(path, headers=list(message.headers), content=message.body)

    async def status(self, job_id: str = "job") -> dict[str, Any]:
        """The job as `/jobs/<id>` tells it."""
        found: dict[str, Any] = (await self.http.get(f"/jobs/{job_id}")).json()
        return found

    async def ended(self, job_id: str = "job") -> dict[str, Any]:
        """The job once it is over."""
        async with asyncio.timeout(_PATIENCE_SECONDS):
            while (status := await self.status(job_id))["state"] in {"scanning", "running"}:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        return status

    async def quarantine(self) -> list[dict[str, Any]]:
        """Its entries."""
        found: list[dict[str, Any]] = (await self.http.get("/quarantine")).json()["entries"]
        return found


@asynccontextmanager
async def eventing_here(database_url: str, gateway_url: str, folder: Path, **settings: Any) -> AsyncIterator[Here]:
    """A consumer, until the block ends."""
    chosen = SWIFT | {
        "database_url": database_url,
        "gateway_url": gateway_url,
        "results_uri": (folder / "results").as_uri(),
        "readable_uris": (folder / "in").as_uri(),
    }
    eventing = Eventing(EventingSettings(**(chosen | settings)), Drain())
    transport = httpx.ASGITransport(eventing.http_app(), raise_app_exceptions=False)
    async with eventing.running(), httpx.AsyncClient(transport=transport, base_url="http://eventing") as http:
        yield Here(http, folder / "results")


def requested(texts: Iterable[str] = (), event_id: str = "event", **data: Any) -> Event:
    """An event that asks for job `job` of these documents."""
    documents = [{"text": text} for text in texts]
    asked = {"job_id": "job", **({"documents": documents} if documents else {}), **data}
    return event_of(RequestedData.model_validate(asked), source="/producer", id=event_id)


def rows_of(status: dict[str, Any]) -> list[dict[str, Any]]:
    """Every row of the results that the manifest names, in order."""
    return [row for each in manifest_of(status)["objects"] for row in _lines(each["uri"])]


def errors_of(status: dict[str, Any]) -> list[dict[str, Any]]:
    """Every row of the error files that it names."""
    return [row for each in manifest_of(status)["objects"] if each["errors_uri"] for row in _lines(each["errors_uri"])]


def manifest_of(status: dict[str, Any]) -> dict[str, Any]:
    """The manifest of a job that completed."""
    found: dict[str, Any] = json.loads(_path(status["manifest"]["uri"]).read_text("utf-8"))
    return found


def digest_of(uri: str) -> str:
    """The sha256 of the object."""
    return hashlib.sha256(_path(uri).read_bytes()).hexdigest()


def _lines(uri: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in _path(uri).read_text("utf-8").splitlines()]


def _path(uri: str) -> Path:
    return Path(uri.removeprefix("file://"))
