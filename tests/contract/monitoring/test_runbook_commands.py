"""What a runbook tells people to type exists."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.flags import flags_of
from gateway.settings import GatewaySettings
from predictor.settings import PredictorSettings

ROOT = Path(__file__).resolve().parents[3]
TEXT = "\n".join(path.read_text("utf-8") for path in sorted((ROOT / "docs" / "runbooks").glob("*.md")))


@pytest.mark.parametrize("command", sorted(set(re.findall(r"`summit ((?:[a-z]+ ?){1,2})", TEXT))))
def test_a_command_of_ours_exists(command: str) -> None:
    done = subprocess.run(
        [sys.executable, "-P", "-m", "cli", *command.split()[:2], "--help"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(("flag", "value"), sorted(set(re.findall(r"summit flags set (\S+) ([a-z0-9]+)", TEXT))))
def test_a_flag_that_is_set_exists(flag: str, value: str) -> None:
    _, faults = flags_of({flag.replace("<candidate>", "4"): value})
    assert faults == {}


def test_the_settings_that_are_named_exist() -> None:
    known = {*GatewaySettings.variables().values(), *PredictorSettings.variables().values()}
    named = set(re.findall(r"(?:GATEWAY|PREDICTOR)_[A-Z_]+", TEXT))
    assert named
    assert named <= known
