"""The guide to rollouts says what the code does."""

import json
import re
from pathlib import Path

import pytest
import yaml

from rollout.events import event_type
from rollout.phase import Phase
from rollout.policy import Policy
from rollout.state import ModelRollout, Spec, Status

ROOT = Path(__file__).resolve().parents[3]
GUIDE = (ROOT / "docs" / "guides" / "rollout.md").read_text()
CODES = sorted(
    {
        code
        for path in (ROOT / "rollout").glob("*.py")
        for code in re.findall(r'undone\(\s*\w+,\s*"(\w+)"', path.read_text())
    }
)


def test_there_are_reasons_to_roll_back() -> None:
    assert len(CODES) >= 10


@pytest.mark.parametrize("code", [*CODES, "errors", "burn", "slow", "health"])
def test_every_reason_to_roll_back_is_explained(code: str) -> None:
    assert f"`{code}`" in GUIDE


@pytest.mark.parametrize("text", re.findall(r"```yaml\n(.*?)```", GUIDE, re.DOTALL))
def test_every_policy_of_the_guide_is_one(text: str) -> None:
    Policy.model_validate(yaml.safe_load(text))


@pytest.mark.parametrize("phase", list(Phase))
def test_every_event_is_listed(phase: Phase) -> None:
    assert event_type(phase).removeprefix("ai.summit.rollout.") in GUIDE


def test_the_printed_columns_are_in_the_resource() -> None:
    resource = yaml.safe_load((ROOT / "manifests" / "rollout" / "crd.yaml").read_text())
    version = {"version": "1"}
    status = Status.model_validate({"candidate": version, "champion": version})
    document = json.loads(ModelRollout(name="m", spec=Spec(model_name="m"), status=status).model_dump_json())
    for column in resource["spec"]["versions"][0]["additionalPrinterColumns"]:
        found = document
        for part in column["jsonPath"].removeprefix(".").split("."):
            if part == "metadata":
                break
            assert part in found, column["name"]
            found = found[part]
