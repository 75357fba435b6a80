"""`summit job …`: batch jobs, submitted, followed and steered through the gateway."""

import argparse
import asyncio
import time
import uuid
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from cli.batch_door import BatchDoor, add_address, address, as_line, batch_door
from cli.here import plan_here
from cli.job_input import JobInput, from_file, from_uri
from cli.job_watch import summary, watch
from cli.settings import CliSettings
from cli.terminal import put, say
from summit_inference.errors import BusyError, UpstreamError
from summit_inference.events import Output, RequestedData, event_of
from summit_inference.jobs import JobState, JobStatus

_SOURCE = "/summit/cli"
_SEND_ATTEMPTS = 5
_PAUSE_SECONDS = 1.0
_LOOPBACK = ("127.0.0.1", "::1", "localhost")


def add_arguments(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """The noun and its verbs."""
    nouns = verbs.add_parser("job", help="batch jobs: many documents, done in the background")
    verb = nouns.add_subparsers(required=True, metavar="VERB")
    _add_submit(verb.add_parser("submit", help="start a job over a file or objects in S3"))
    for name, run, told in (
        ("status", run_status, "how far a job is"),
        ("cancel", run_cancel, "stop a job; what is written stays"),
        ("retry", run_retry, "begin a failed or cancelled job again, as a new attempt"),
    ):
        one = verb.add_parser(name, help=told)
        one.add_argument("job_id", metavar="JOB")
        _add_output(one, run)
    status = verb.choices["status"]
    status.add_argument("--watch", action="store_true", help="until the job is over")
    listing = verb.add_parser("list", help="all jobs, the newest first")
    listing.add_argument("--limit", type=int, default=50)
    _add_output(listing, run_list)


def _add_submit(submit: argparse.ArgumentParser) -> None:
    submit.add_argument(
        "documents", metavar="FILE|URI", help=".jsonl, .jsonl.gz, .parquet or .txt; or s3://… ; a prefix ends in /"
    )
    submit.add_argument("--watch", action="store_true", help="until the job is over")
    submit.add_argument("--model-version", help="by default the champion of this moment")
    submit.add_argument(
        "--output", metavar="URI", help="where results go, below JOB/ATTEMPT/; by default the service's place"
    )
    submit.add_argument("--format", choices=("jsonl", "parquet"), default="jsonl", help="of the results")
    submit.add_argument("--size-bytes", type=int, help="of an object in S3 that cannot be read from here")
    submit.add_argument("--sha256", help="of an object in S3 that cannot be read from here")
    _add_output(submit, run_submit)


def _add_output(verb: argparse.ArgumentParser, run: Callable[[argparse.Namespace, CliSettings], int]) -> None:
    verb.add_argument("--json", action="store_true", help="one JSON document")
    add_address(verb)
    verb.set_defaults(run=run)


def run_submit(options: argparse.Namespace, settings: CliSettings) -> int:
    """Send the job; print its id, or with --watch its end."""
    given = _input(options, settings)
    data = RequestedData(
        job_id=f"job-{datetime.now(UTC):%Y%m%d}-{uuid.uuid4().hex[:8]}",
        model_version=options.model_version,
        documents=given.documents,
        reference=given.reference,
        output=Output(uri=options.output, format=options.format),
    )

    async def submitted(door: BatchDoor) -> int:
        await _send(door, data)
        if options.watch:
            return _told(await watch(lambda: door.job(str(data.job_id))), options)
        put(f'{{"job_id": "{data.job_id}"}}' if options.json else str(data.job_id))
        return 0

    return _with_door(options, settings, submitted)


def run_status(options: argparse.Namespace, settings: CliSettings) -> int:
    """Print how far the job is; with --watch, its end. 1 where it failed or was cancelled."""

    async def told(door: BatchDoor) -> int:
        status = await (watch(lambda: door.job(options.job_id)) if options.watch else door.job(options.job_id))
        return _told(status, options)

    return _with_door(options, settings, told)


def run_cancel(options: argparse.Namespace, settings: CliSettings) -> int:
    """Stop the job."""

    async def cancelled(door: BatchDoor) -> int:
        _show(await door.cancel(options.job_id), options)
        return 0

    return _with_door(options, settings, cancelled)


def run_retry(options: argparse.Namespace, settings: CliSettings) -> int:
    """Begin the job again."""

    async def retried(door: BatchDoor) -> int:
        _show(await door.retry(options.job_id), options)
        return 0

    return _with_door(options, settings, retried)


def run_list(options: argparse.Namespace, settings: CliSettings) -> int:
    """Print a line a job."""

    async def listed(door: BatchDoor) -> int:
        left, after = options.limit, None
        while left > 0:
            page = await door.jobs(after)
            for status in page.jobs[:left]:
                put(as_line(status) if options.json else _row(status))
            left, after = left - len(page.jobs), page.next
            if after is None:
                break
        return 0

    return _with_door(options, settings, listed)


def _with_door(options: argparse.Namespace, settings: CliSettings, work: Callable[[BatchDoor], Awaitable[int]]) -> int:
    async def done() -> int:
        async with batch_door(options, settings) as door:
            return await work(door)

    return asyncio.run(done())


def _input(options: argparse.Namespace, settings: CliSettings) -> JobInput:
    if "://" in options.documents:
        return from_uri(
            options.documents,
            size_bytes=options.size_bytes,
            sha256=options.sha256,
            s3_endpoint_url=settings.s3_endpoint_url,
        )
    is_near = urlsplit(address(options, settings)).hostname in _LOOPBACK
    return from_file(Path(options.documents), plan_here(settings).home.job_inputs, is_near=is_near)


async def _send(door: BatchDoor, data: RequestedData) -> None:
    """Send the event until it is taken. It is the same event each time, so it makes one job."""
    event = event_of(data, source=_SOURCE, id=uuid.uuid4().hex, time=datetime.now(UTC).isoformat())
    for _ in range(_SEND_ATTEMPTS - 1):
        try:
            await door.send(event)
        except (BusyError, UpstreamError):
            await asyncio.sleep(_PAUSE_SECONDS)
        else:
            return
    await door.send(event)


def _told(status: JobStatus, options: argparse.Namespace) -> int:
    _show(status, options)
    return 1 if status.state in {JobState.FAILED, JobState.CANCELLED} else 0


def _show(status: JobStatus, options: argparse.Namespace) -> None:
    if options.json:
        put(as_line(status))
        return
    say(summary(status))
    if status.manifest:
        put(status.manifest.uri)


def _row(status: JobStatus) -> str:
    counts = status.counts
    total = "?" if counts.total is None else counts.total
    began = time.strftime("%Y-%m-%d %H:%M", time.localtime(status.created_at))
    share = f"{counts.done + counts.failed}/{total}"
    return f"{status.job_id}  {began}  {status.state:<9}  {share}  version {status.model_version}"
