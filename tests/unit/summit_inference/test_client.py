"""What foreign answers and foreign exceptions mean to us; the calls themselves are in tests/contract/gateway."""

from collections.abc import Iterator

import aiohttp
import pytest

from summit_inference import client, errors
from summit_inference.deadline import Deadline
from summit_inference.status import error_kinds


def every_kind(root: type[BaseException]) -> Iterator[type[BaseException]]:
    yield root
    for kind in root.__subclasses__():
        yield from every_kind(kind)


ON_TIMEOUT = errors.DeadlineExceeded("over")


def raised_by_mapping(error: BaseException) -> errors.SummitError:
    with pytest.raises(errors.SummitError) as caught, client.foreign_errors_mapped(ON_TIMEOUT):
        raise error
    return caught.value


@pytest.mark.parametrize("kind", sorted(set(every_kind(aiohttp.ClientError)), key=str))
def test_whatever_the_http_library_raises_is_a_failure_upstream(kind: type[BaseException]) -> None:
    assert isinstance(raised_by_mapping(kind.__new__(kind)), errors.UpstreamError)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        pytest.param(aiohttp.ServerDisconnectedError(), errors.UpstreamUnreachable, id="a dropped connection"),
        pytest.param(aiohttp.ClientPayloadError(), errors.UpstreamUnreachable, id="half an answer"),
        pytest.param(
            aiohttp.ConnectionTimeoutError(), errors.UpstreamUnreachable, id="a connection that takes too long"
        ),
        pytest.param(TimeoutError(), errors.DeadlineExceeded, id="a time that is over"),
        pytest.param(aiohttp.InvalidURL("x"), errors.UpstreamBroken, id="anything else"),
    ],
)
def test_a_broken_connection_is_told_from_a_broken_answer(error: BaseException, kind: type[errors.SummitError]) -> None:
    assert type(raised_by_mapping(error)) is kind


@pytest.mark.parametrize(
    ("left", "seconds", "kind"),
    [
        pytest.param(None, 2.0, errors.UpstreamUnreachable, id="no deadline"),
        pytest.param(5.0, 2.0, errors.UpstreamUnreachable, id="a deadline beyond our own patience"),
        pytest.param(0.5, 0.5, errors.DeadlineExceeded, id="a deadline before it"),
    ],
)
def test_whose_time_ends_first_decides_what_the_timeout_is(
    left: float | None, seconds: float, kind: type[errors.SummitError]
) -> None:
    deadline = None if left is None else Deadline(at=left, clock=lambda: 0.0)
    allowed, on_timeout = client._patience(deadline, own_seconds=2.0)
    assert (allowed, type(on_timeout)) == (seconds, kind)


def test_our_own_errors_pass_through_unchanged() -> None:
    error = errors.TooLarge("Send less.")
    assert raised_by_mapping(error) is error


@pytest.mark.parametrize("kind", sorted(set(error_kinds()), key=str))
def test_an_error_of_our_own_server_arrives_as_it_was_sent(kind: type[errors.SummitError]) -> None:
    body = f'{{"error": "Do this.", "code": "{kind.code}", "request_id": "r"}}'.encode()
    error = client.error_of(500, {"retry-after": "7"}, body)
    assert (type(error), error.message) == (kind, "Do this.")
    assert getattr(error, "retry_after_seconds", 7) == 7


@pytest.mark.parametrize(
    ("http_status", "kind"),
    [
        (302, errors.UpstreamBroken),
        (400, errors.InvalidRequest),
        (401, errors.UpstreamBroken),
        (404, errors.UpstreamUnreachable),
        (413, errors.TooLarge),
        (422, errors.InvalidRequest),
        (429, errors.Overloaded),
        (500, errors.UpstreamBroken),
        (502, errors.UpstreamBroken),
        (503, errors.ModelNotReady),
    ],
)
@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"<html>no</html>", id="not JSON"),
        pytest.param(b'{"error": "no"}', id="without a code"),
        pytest.param(b'["error"]', id="no object"),
        pytest.param(b'{"error": "no", "code": 5}', id="a code of another type"),
        pytest.param(b"", id="empty"),
    ],
)
def test_an_error_of_a_foreign_server_is_judged_by_its_status(
    http_status: int, kind: type[errors.SummitError], body: bytes
) -> None:
    assert type(client.error_of(http_status, {}, body)) is kind


def test_a_code_that_we_do_not_know_is_a_broken_answer() -> None:
    error = client.error_of(418, {}, b'{"error": "teapot", "code": "teapot"}')
    assert type(error) is errors.UpstreamBroken


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        pytest.param("12", 12.0, id="seconds"),
        pytest.param("Wed, 21 Oct 2026 07:28:00 GMT", 1.0, id="a date"),
        pytest.param("-5", 1.0, id="negative"),
        pytest.param("999999999", 3600.0, id="absurdly long"),
    ],
)
def test_retry_after_is_bounded_seconds(header: str, seconds: float) -> None:
    error = client.error_of(503, {"retry-after": header}, b"")
    assert isinstance(error, errors.BusyError)
    assert error.retry_after_seconds == seconds
