from pathlib import Path

import pytest

from serving.supervisor import Program, Supervisor, configuration, options_of
from summit_inference.errors import ConfigurationError

LOGS = Path("/l")


def test_a_percent_sign_and_a_comma_reach_the_process() -> None:
    text = configuration({"program:p": options_of(Program("p", ["run", "100%"], {"A": "b,c%d"}), LOGS)})
    assert 'command = "run" "100%%"' in text
    assert 'environment = A="b,c%%d"' in text


@pytest.mark.parametrize("value", ['a"b', "a\nb", "a\\b"])
def test_what_can_not_be_quoted_is_refused(value: str) -> None:
    with pytest.raises(ConfigurationError, match="quote"):
        options_of(Program("p", [value]), LOGS)


def test_each_owner_declares_programs_of_its_own(tmp_path: Path) -> None:
    supervisor = Supervisor(tmp_path, LOGS)
    supervisor.declare("platform", [Program("a", ["run"])])
    supervisor.declare("pairs", [Program("b", ["run"])])
    supervisor.declare("pairs", [])
    declared = {file.stem: file.read_text() for file in (tmp_path / "programs").iterdir()}
    assert "[program:a]" in declared["platform"]
    assert declared["pairs"] == ""


def test_a_manager_that_does_not_run_is_said(tmp_path: Path) -> None:
    supervisor = Supervisor(tmp_path, LOGS)
    assert not supervisor.is_running()
    with pytest.raises(ConfigurationError, match="summit up"):
        supervisor.follow()
