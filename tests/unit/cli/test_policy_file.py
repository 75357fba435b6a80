from pathlib import Path

import pytest

from cli.policy_file import read
from rollout.policy import Policy
from summit_inference.errors import InvalidRequest


def _file(folder: Path, text: str) -> Path:
    file = folder / "policy.yaml"
    file.write_text(text)
    return file


def test_what_is_left_out_is_as_by_default(tmp_path: Path) -> None:
    assert read(_file(tmp_path, "")) == Policy()
    policy = read(_file(tmp_path, "soak_minutes: 2\nsteps: [{percent: 50}]\n"))
    assert (policy.soak_minutes, [step.percent for step in policy.steps]) == (2, [50])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("soak_minuets: 2", "soak_minuets", id="a typo"),
        pytest.param("steps: [{percent: 50}, {percent: 20}]", "higher percent", id="a ramp that falls"),
        pytest.param("steps: [", "no YAML", id="no YAML"),
    ],
)
def test_a_fault_is_named(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(InvalidRequest, match=said):
        read(_file(tmp_path, text))


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(InvalidRequest, match="No such file"):
        read(tmp_path / "policy.yaml")
