"""How a server's command ends when it can't begin, and what it says of itself."""

import sys

import pytest

from serving.command import run
from summit_inference import __version__
from summit_inference.errors import ArtifactError, ConfigurationError


def _raising(error: Exception) -> None:
    raise error


def test_asked_for_its_version_it_says_it_and_does_not_start(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["predictor", "--version"])
    run(lambda: _raising(AssertionError("it started")))
    assert capsys.readouterr().out == f"summit-inference {__version__}\n"


@pytest.mark.parametrize(
    ("error", "status"), [(ConfigurationError("set it"), 2), (ArtifactError("a file is missing"), 1)]
)
def test_an_error_of_ours_is_one_line_and_a_status(
    error: Exception, status: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["predictor"])
    with pytest.raises(SystemExit) as ended:
        run(lambda: _raising(error))
    assert ended.value.code == status
    assert capsys.readouterr().err == f"error: {error}\n"
