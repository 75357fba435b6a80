"""`summit job … --watch`: a job's progress until it is over, whatever restarts meanwhile."""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Iterator
from typing import Protocol

from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.text import Text

from cli.terminal import console, say
from summit_inference.errors import BusyError, UpstreamError
from summit_inference.jobs import JobStatus

_POLL_SECONDS = 0.5
_SAY_SECONDS = 10.0
_SILENCE_SECONDS = 120.0


class Shown(Protocol):
    """Where progress is told."""

    def __call__(self, status: JobStatus | None) -> None:
        """Tell it; None: the service does not answer for now."""


async def watch(ask: Callable[[], Awaitable[JobStatus]], *, poll_seconds: float = _POLL_SECONDS) -> JobStatus:
    """The job's last status, once it is over.

    Raises:
        SummitError: there is no such job, or the service has been gone for two minutes.
    """
    with _shown() as show:
        heard_at = time.monotonic()
        while True:
            try:
                status = await ask()
                heard_at = time.monotonic()
                show(status)
                if status.state.is_over:
                    return status
            except (BusyError, UpstreamError):
                show(None)
                if time.monotonic() - heard_at > _SILENCE_SECONDS:
                    raise
            await asyncio.sleep(poll_seconds)


def summary(status: JobStatus) -> str:
    """One line: what became of the job."""
    counts = status.counts
    told = f"job {status.job_id} {status.state}: {counts.done} documents"
    if counts.total is not None:
        told += f" of {counts.total}"
    if counts.failed:
        told += f", {counts.failed} failed"
    if status.finished_at:
        seconds = max(status.finished_at - status.created_at, 0.001)
        told += f", {seconds:.1f} s, {counts.done / seconds:.0f} a second"
    told += f", model version {status.model_version}"
    return f"{told} ({status.reason})" if status.reason else told


class _Rate(ProgressColumn):
    """Documents a second, of late."""

    def render(self, task: Task) -> Text:
        return Text("" if not task.speed else f"{task.speed:,.0f}/s")


@contextlib.contextmanager
def _shown() -> "Iterator[Shown]":
    if not console.is_terminal:
        yield _Lines()
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        _Rate(),
        TimeRemainingColumn(elapsed_when_finished=True),
    )
    with Progress(*columns, console=console) as progress:
        yield _Bar(progress)


class _Bar:
    """On a terminal."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task = progress.add_task("accepted", total=None)

    def __call__(self, status: JobStatus | None) -> None:
        if status is None:
            self._progress.update(self._task, description="waiting for the service")
            return
        counts = status.counts
        self._progress.update(
            self._task,
            description=str(status.state),
            completed=counts.done + counts.failed,
            total=counts.total,
        )


class _Lines:
    """Elsewhere: a line now and then."""

    def __init__(self) -> None:
        self._said_at = -_SAY_SECONDS

    def __call__(self, status: JobStatus | None) -> None:
        now = time.monotonic()
        if now - self._said_at < _SAY_SECONDS:
            return
        self._said_at = now
        say("waiting for the service" if status is None else _progress_line(status))


def _progress_line(status: JobStatus) -> str:
    counts = status.counts
    total = "?" if counts.total is None else counts.total
    return f"{status.state}: {counts.done + counts.failed} of {total} documents"
