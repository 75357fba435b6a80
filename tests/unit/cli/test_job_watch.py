from collections.abc import Awaitable, Callable

import pytest

from cli import job_watch
from cli.job_watch import summary, watch
from summit_inference.errors import InvalidRequest, ModelNotReady, SummitError, UpstreamUnreachable
from summit_inference.events import Counts
from summit_inference.jobs import JobState, JobStatus


def job(state: JobState, **changes: object) -> JobStatus:
    fields = {
        "job_id": "j",
        "state": state,
        "attempt": 1,
        "model": "summit-extract",
        "model_version": "3",
        "executor": "chunks",
        "counts": Counts(total=10, done=8, failed=2),
        "chunks_total": 1,
        "chunks_done": 1,
        "created_at": 100.0,
        "updated_at": 102.0,
        "output": "file:///out",
    }
    return JobStatus.model_validate(fields | changes)


def told(*answers: JobStatus | SummitError) -> Callable[[], Awaitable[JobStatus]]:
    """A service that gives these answers, one after another."""
    left = list(answers)

    async def ask() -> JobStatus:
        answer = left.pop(0)
        if isinstance(answer, SummitError):
            raise answer
        return answer

    return ask


async def test_a_job_is_watched_until_it_is_over_whatever_restarts_meanwhile() -> None:
    end = job(JobState.COMPLETED)
    ask = told(
        job(JobState.SCANNING, counts=Counts()),
        UpstreamUnreachable("gone"),
        ModelNotReady("starting"),
        job(JobState.RUNNING),
        end,
    )
    assert await watch(ask, poll_seconds=0) == end


async def test_a_job_that_is_not_there_ends_the_watch() -> None:
    with pytest.raises(InvalidRequest):
        await watch(told(InvalidRequest("no such job")), poll_seconds=0)


async def test_a_service_that_stays_away_ends_the_watch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job_watch, "_SILENCE_SECONDS", -1)
    with pytest.raises(UpstreamUnreachable):
        await watch(told(UpstreamUnreachable("gone")), poll_seconds=0)


@pytest.mark.parametrize(
    ("status", "line"),
    [
        pytest.param(
            job(JobState.COMPLETED, finished_at=102.0),
            "job j completed: 8 documents of 10, 2 failed, 2.0 s, 4 a second, model version 3",
            id="done",
        ),
        pytest.param(
            job(JobState.SCANNING, counts=Counts()), "job j scanning: 0 documents, model version 3", id="just begun"
        ),
        pytest.param(
            job(JobState.FAILED, counts=Counts(), reason="Another size."),
            "job j failed: 0 documents, model version 3 (Another size.)",
            id="failed",
        ),
    ],
)
def test_the_summary_says_what_became_of_a_job(status: JobStatus, line: str) -> None:
    assert summary(status) == line
