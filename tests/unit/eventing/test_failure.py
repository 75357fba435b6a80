import pytest

from eventing.failure import Failure, Remedy, remedy
from summit_inference.errors import (
    DeadlineExceeded,
    DegradedRefused,
    InvalidRequest,
    ModelNotReady,
    Overloaded,
    SummitError,
    Throttled,
    TooLarge,
    Unauthenticated,
    UpstreamBroken,
    UpstreamUnreachable,
)

MAX_TRIES = 5
SENTENCE = "A reason."


def _remedy(error: SummitError, *, is_single: bool = True, tries: int = 1, model_worked_before: bool = True) -> Remedy:
    return remedy(Failure(error, is_single, tries, model_worked_before), MAX_TRIES)


@pytest.mark.parametrize(
    "error",
    [
        Overloaded(SENTENCE),
        Throttled(SENTENCE),
        ModelNotReady(SENTENCE),
        UpstreamUnreachable(SENTENCE),
        Unauthenticated(SENTENCE),
    ],
    ids=lambda error: error.code,
)
@pytest.mark.parametrize("tries", [1, MAX_TRIES, 1000])
def test_what_is_not_the_documents_fault_is_waited_for_however_long(error: SummitError, tries: int) -> None:
    assert _remedy(error, tries=tries) is Remedy.WAIT


@pytest.mark.parametrize(
    "error", [DegradedRefused(SENTENCE), UpstreamBroken(SENTENCE), DeadlineExceeded(SENTENCE)], ids=lambda e: e.code
)
def test_a_failure_says_nothing_of_the_document_unless_the_model_worked_right_before(error: SummitError) -> None:
    assert _remedy(error, tries=1000, model_worked_before=False) is Remedy.WAIT
    assert _remedy(error, tries=MAX_TRIES, model_worked_before=True) is Remedy.QUARANTINE


def test_a_document_has_all_its_tries_and_a_chunk_two() -> None:
    broken = UpstreamBroken(SENTENCE)
    assert [_remedy(broken, tries=tries) for tries in (1, MAX_TRIES - 1)] == [Remedy.RETRY, Remedy.RETRY]
    assert _remedy(broken, is_single=False, tries=1) is Remedy.RETRY
    assert _remedy(broken, is_single=False, tries=2) is Remedy.SPLIT


@pytest.mark.parametrize("error", [InvalidRequest(SENTENCE), TooLarge(SENTENCE)], ids=lambda error: error.code)
def test_what_the_model_refuses_is_narrowed_down_at_once(error: SummitError) -> None:
    assert _remedy(error, is_single=False, model_worked_before=False) is Remedy.SPLIT
    assert _remedy(error, is_single=True, model_worked_before=False) is Remedy.REFUSE
