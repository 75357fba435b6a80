"""One job in the hands of Ray, and what the consumer does about it next. Pure."""

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class RayRun:
    """An attempt of a job that Ray works on, by a submission after the other."""

    job_id: str
    attempt: int
    submission: int
    """From 1. Counted in the ledger before it is sent: a consumer that dies in between sends the same again."""

    @property
    def submission_id(self) -> str:
        """Its name at Ray, which takes each name once."""
        return f"summit-{self.job_id}-{self.attempt}-{self.submission}"


class RayState(StrEnum):
    """What Ray says of a submission, in Ray's words."""

    PENDING = "PENDING"
    RUNNING = "RUNNING"
    STOPPED = "STOPPED"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"


class Step(StrEnum):
    """What happens to the run."""

    SUBMIT = "submit"
    """Ray does not know the submission: send it."""
    WAIT = "wait"
    END = "end"
    """Ray is done with it; chunks that are open still go the ordinary way."""
    AGAIN = "again"
    """Its driver died: count another submission, for the chunks that are open."""
    FAIL = "fail"
    """It died too often."""


def step(state: RayState | None, open_chunks: int, submission: int, max_submissions: int) -> Step:
    """What to do about the submission of this number. `open_chunks` were counted after Ray told the state."""
    if open_chunks == 0:
        return Step.END
    match state:
        case None:
            return Step.SUBMIT
        case RayState.PENDING | RayState.RUNNING:
            return Step.WAIT
        case RayState.SUCCEEDED:
            return Step.END
        case RayState.STOPPED | RayState.FAILED:
            return Step.AGAIN if submission < max_submissions else Step.FAIL
