"""Every error can travel: it has a row in the one table, and comes back as itself on the other side."""

import pytest

from summit_inference import errors
from summit_inference.status import STATUSES, error_kinds, error_with, status_of

KINDS = list(error_kinds())


def test_the_table_has_a_row_for_every_error_and_no_other() -> None:
    assert set(STATUSES) == set(KINDS)


def test_codes_are_stable_words_and_no_two_are_equal() -> None:
    codes = [kind.code for kind in KINDS]
    assert len(set(codes)) == len(codes)
    assert all(code.isascii() and code.replace("_", "").islower() for code in codes)


@pytest.mark.parametrize("kind", KINDS, ids=[kind.code for kind in KINDS])
def test_an_error_crosses_a_hop_unchanged(kind: type[errors.SummitError]) -> None:
    arrived = error_with(kind.code, "what to do", retry_after_seconds=7)
    assert type(arrived) is kind
    assert str(arrived) == "what to do"
    if isinstance(arrived, errors.BusyError):
        assert arrived.retry_after_seconds == 7


def test_a_code_of_another_product_is_a_broken_upstream() -> None:
    assert isinstance(error_with("teapot", "…"), errors.UpstreamBroken)


@pytest.mark.parametrize("kind", KINDS, ids=[kind.code for kind in KINDS])
def test_a_callers_fault_is_a_4xx_and_ours_is_not(kind: type[errors.SummitError]) -> None:
    status = STATUSES[kind]
    if issubclass(kind, errors.CallerError):
        assert 400 <= status.http < 500
        assert not status.is_retryable
    elif issubclass(kind, errors.BusyError):
        assert status.http in {429, 503}
        assert status.is_retryable
    else:
        assert status.http >= 500


def test_the_tree_in_the_docstring_is_the_tree() -> None:
    drawn = {word for word in (errors.__doc__ or "").split() if word.isalpha()}
    assert {kind.__name__ for kind in KINDS} <= drawn


def test_a_status_is_that_of_the_errors_own_class() -> None:
    assert status_of(errors.ModelVersionNotFound("…")) is STATUSES[errors.ModelVersionNotFound]
