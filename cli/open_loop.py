"""Requests at a steady rate, whether or not the service keeps up: as independent callers send them."""

import asyncio
import itertools
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import orjson

from cli.shots import Ending, Shot

_HEADERS = {"content-type": "application/json"}


@dataclass(frozen=True, slots=True)
class Load:
    """What is sent, how fast and for how long."""

    texts: Sequence[str]
    per_second: float
    seconds: float
    timeout_seconds: float
    headers: dict[str, str] = field(default_factory=dict)


_Group = tuple[int, list[asyncio.Task[Shot]]]


async def shoot(url: str, load: Load, on_second: Callable[[int, list[Shot]], None]) -> list[Shot]:
    """Send the load to the gateway at `url`; `on_second` is told of each second's requests once all of them ended."""
    shots: list[Shot] = []
    groups: asyncio.Queue[_Group | None] = asyncio.Queue()
    timeout = aiohttp.ClientTimeout(total=load.timeout_seconds)
    connector = aiohttp.TCPConnector(limit=0)  # a limit would make callers wait for each other
    async with (
        aiohttp.ClientSession(url, headers=load.headers, timeout=timeout, connector=connector) as session,
        asyncio.TaskGroup() as tasks,
    ):
        tasks.create_task(_send(session, load, groups, tasks))
        while group := await groups.get():
            second, sent = group
            ended = [await one for one in sent]
            shots += ended
            on_second(second, ended)
    return shots


async def _send(
    session: aiohttp.ClientSession, load: Load, groups: asyncio.Queue[_Group | None], tasks: asyncio.TaskGroup
) -> None:
    """Send each request when it is due, and hand over those of every second."""
    began = time.monotonic()
    count = max(1, round(load.per_second * load.seconds))
    due_seconds = (number / load.per_second for number in range(count))
    for second, dues in itertools.groupby(enumerate(due_seconds), key=lambda due: int(due[1])):
        sent: list[asyncio.Task[Shot]] = []
        for number, due in dues:
            await asyncio.sleep(began + due - time.monotonic())
            text = load.texts[number % len(load.texts)]
            sent.append(tasks.create_task(_shot(session, text, second, began + due)))
        await groups.put((second, sent))
    await groups.put(None)


async def _shot(session: aiohttp.ClientSession, text: str, second: int, due_at: float) -> Shot:
    try:
        async with session.post("/extract", data=orjson.dumps({"text": text}), headers=_HEADERS) as response:
            version, ending, note = _read(response.status, await response.read())
    except (aiohttp.ClientError, TimeoutError) as error:
        version, ending, note = "", Ending.FAILED, type(error).__name__
    return Shot(second, version, ending, time.monotonic() - due_at, note)


def _read(status: int, body: bytes) -> tuple[str, Ending, str]:
    """Version asked, ending and note of an answer."""
    try:
        answer: dict[str, Any] = orjson.loads(body)
        if status != 200:  # noqa: PLR2004
            return "", Ending.FAILED, f"{status} {answer['code']}"
        if answer["degraded"]:
            return str(answer["requested_model_version"] or ""), Ending.DEGRADED, str(answer["degraded_reason"])
        return str(answer["model"]["version"]), Ending.ANSWERED, ""
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return "", Ending.FAILED, f"{status}, no answer of a summit gateway"
