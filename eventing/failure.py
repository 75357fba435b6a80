"""What to do with a chunk that brought no answer. Pure.

Nobody can tell a document that breaks the model from a model that is broken by one failure. So a chunk that failed
before is tried again only after the model has answered something harmless, and only such tries count.
"""

from dataclasses import dataclass
from enum import StrEnum

from summit_inference.errors import (
    DeadlineExceeded,
    DegradedRefused,
    InvalidRequest,
    SummitError,
    TooLarge,
    UpstreamBroken,
)


class Remedy(StrEnum):
    """What happens to the chunk."""

    WAIT = "wait"
    """It is nobody's fault, or not this chunk's: again later, and it was no try."""
    RETRY = "retry"
    """Again later, and it was a try."""
    SPLIT = "split"
    """It is one of its documents: each half goes on by itself."""
    REFUSE = "refuse"
    """It is its one document, which its producer can mend."""
    QUARANTINE = "quarantine"
    """It is its one document, and nobody knows why."""


@dataclass(frozen=True, slots=True)
class Failure:
    """One try that brought no answer."""

    error: SummitError
    """What asking the model raised."""
    is_single: bool
    """Whether the chunk has one document."""
    tries: int
    """With this one."""
    model_worked_before: bool
    """Whether the model had answered something harmless right before."""


_TRIES_BEFORE_SPLIT = 2
"""A split costs little, and nothing is lost by one too many."""
_OF_THE_DOCUMENT = (InvalidRequest, TooLarge)
_MAYBE_OF_THE_DOCUMENT = (DegradedRefused, UpstreamBroken, DeadlineExceeded)


def remedy(failure: Failure, max_tries: int) -> Remedy:
    """What to do about the failure."""
    if isinstance(failure.error, _OF_THE_DOCUMENT):
        return Remedy.REFUSE if failure.is_single else Remedy.SPLIT
    if not isinstance(failure.error, _MAYBE_OF_THE_DOCUMENT) or not failure.model_worked_before:
        return Remedy.WAIT
    if failure.tries < (max_tries if failure.is_single else min(_TRIES_BEFORE_SPLIT, max_tries)):
        return Remedy.RETRY
    return given_up(is_single=failure.is_single)


def given_up(*, is_single: bool) -> Remedy:
    """What to do with a chunk after its last try."""
    return Remedy.QUARANTINE if is_single else Remedy.SPLIT
