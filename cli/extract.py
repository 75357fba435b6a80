"""`summit extract FILE…`: entities of files, from a running service or in this process."""

import argparse
import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import asdict
from typing import Any

import aiohttp
import orjson
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from cli.documents import Document, batches, documents
from cli.home import Home, Ports
from cli.platform import Plan
from cli.settings import CliSettings
from cli.terminal import console, put
from summit_inference.errors import SummitError, UpstreamBroken, UpstreamUnreachable
from summit_inference.extraction import TextResult
from summit_inference.status import error_with

_TEXTS, _CHARACTERS, _CONCURRENT_REQUESTS = 32, 100_000, 4
_TIMEOUT_SECONDS = 300.0

Answer = tuple[Document, dict[str, Any]]


def add_arguments(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """The verb."""
    extract = verbs.add_parser(
        "extract", help="entities of text or JSON Lines files", description="Writes one JSON object a document."
    )
    extract.add_argument("files", nargs="+", metavar="FILE", help="text or .jsonl; - for standard input")
    extract.add_argument("--local", action="store_true", help="in this process, with no service")
    extract.add_argument("--url", help="the gateway; by default AI_SERVICE_URL, or the one of this machine")
    units = ("codepoints", "utf16")
    extract.add_argument("--offsets", choices=units, default=units[0], help="unit of start and end")
    extract.set_defaults(run=run)


def run(options: argparse.Namespace, settings: CliSettings) -> int:
    """Print an answer a document, in order."""
    items = list(documents(options.files))
    with _progress(len(items)) as advance:
        if options.local:
            answers = _in_process(items, settings, options.offsets)
            for answer in answers:
                _print(answer, advance)
        else:
            asyncio.run(_from_service(items, options, settings, advance))
    return 0


def _print(answer: Answer, advance: Callable[[], None]) -> None:
    document, result = answer
    put(orjson.dumps({"id": document.id, **result}).decode())
    advance()


@contextlib.contextmanager
def _progress(total: int) -> Iterator[Callable[[], None]]:
    """A bar on a terminal; nothing elsewhere."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as progress:
        task = progress.add_task("documents", total=total)
        yield lambda: progress.advance(task)


async def _from_service(
    items: Sequence[Document], options: argparse.Namespace, settings: CliSettings, advance: Callable[[], None]
) -> None:
    url = options.url or settings.service_url or Plan(Home(settings.home), Ports(settings.port_offset)).gateway_url
    token = settings.first_token()
    headers = {"authorization": f"Bearer {token}"} if token else {}
    timeout = aiohttp.ClientTimeout(total=_TIMEOUT_SECONDS)
    async with aiohttp.ClientSession(url, headers=headers, timeout=timeout) as session:
        async for answers in _answered(session, items, options.offsets):
            for answer in answers:
                _print(answer, advance)


async def _answered(
    session: aiohttp.ClientSession, items: Sequence[Document], offsets: str
) -> AsyncIterator[list[Answer]]:
    """The answers batch by batch in order, with a few requests under way at once."""
    waiting: list[asyncio.Task[list[Answer]]] = []
    try:
        for batch in batches(items, max_texts=_TEXTS, max_characters=_CHARACTERS):
            if len(waiting) == _CONCURRENT_REQUESTS:
                yield await waiting.pop(0)
            waiting.append(asyncio.create_task(_ask(session, batch, offsets)))
        while waiting:
            yield await waiting.pop(0)
    finally:
        for task in waiting:
            task.cancel()


async def _ask(session: aiohttp.ClientSession, batch: Sequence[Document], offsets: str) -> list[Answer]:
    body = orjson.dumps({"texts": [document.text for document in batch]})
    headers = {"content-type": "application/json"}
    try:
        async with session.post("/extract", data=body, params={"offsets": offsets}, headers=headers) as response:
            answer = orjson.loads(await response.read())
            if response.status != 200:  # noqa: PLR2004
                raise _refused(answer)
    except (aiohttp.ClientError, TimeoutError) as error:
        raise UpstreamUnreachable("the service does not answer; start it with `summit up`, or use --local") from error
    except orjson.JSONDecodeError as error:
        raise UpstreamBroken("what answers there is no summit gateway; check AI_SERVICE_URL") from error
    shared = {key: answer[key] for key in ("model", "degraded", "request_id")}
    return [(document, {**result, **shared}) for document, result in zip(batch, answer["results"], strict=True)]


def _refused(answer: Any) -> SummitError:  # whatever JSON a server sends
    if not isinstance(answer, dict):
        return UpstreamBroken("what answers there is no summit gateway; check AI_SERVICE_URL")
    return error_with(str(answer.get("code", "")), str(answer.get("error", "the service refused the request")))


def _in_process(items: Sequence[Document], settings: CliSettings, offsets: str) -> Iterator[Answer]:
    from cli.local_model import local_extractor  # noqa: PLC0415 - imports torch
    from summit_inference.spans import in_utf16  # noqa: PLC0415

    with local_extractor(settings) as extractor:
        model = asdict(extractor.lineage)
        for batch in batches(items, max_texts=_TEXTS, max_characters=_CHARACTERS):
            found = extractor.extract([document.text for document in batch])
            for document, spans in zip(batch, found, strict=True):
                told = in_utf16(document.text, spans) if offsets == "utf16" else spans
                yield document, {**TextResult.of(told).model_dump(), "model": model, "degraded": False}
