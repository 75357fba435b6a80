import json

import pytest

from cli.open_loop import _read
from cli.shots import Ending


def _answer(**members: object) -> bytes:
    return json.dumps({"model": {"version": "2"}, "degraded": False, **members}).encode()


def test_an_answer_tells_its_version() -> None:
    assert _read(200, _answer()) == ("2", Ending.ANSWERED, "")


def test_a_degraded_one_tells_the_version_that_was_asked_and_why_it_did_not_answer() -> None:
    body = _answer(degraded=True, requested_model_version="3", degraded_reason="broken")
    assert _read(200, body) == ("3", Ending.DEGRADED, "broken")


@pytest.mark.parametrize(
    ("status", "body", "note"),
    [
        (503, b'{"code": "degraded_refused"}', "503 degraded_refused"),
        (502, b"<html>", "502, no answer of a summit gateway"),
        (200, b"[]", "200, no answer of a summit gateway"),
    ],
)
def test_anything_else_has_failed(status: int, body: bytes, note: str) -> None:
    assert _read(status, body) == ("", Ending.FAILED, note)
