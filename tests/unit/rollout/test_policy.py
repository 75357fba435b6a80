import pytest
from pydantic import ValidationError

from rollout.policy import Carry, Policy, Step, demo_policy


def test_the_default_steps_are_those_of_the_guide() -> None:
    assert [step.percent for step in Policy().steps] == [1, 5, 10, 25, 50]
    assert [step.percent for step in Policy().steps if step.evidence is Carry.OWN] == [25, 50]


def test_a_typo_is_refused() -> None:
    with pytest.raises(ValidationError, match="objektives"):
        Policy.model_validate({"objektives": {}})


def test_steps_must_rise() -> None:
    with pytest.raises(ValidationError, match="higher percent"):
        Policy(steps=(Step(percent=25), Step(percent=10)))


def test_the_demo_asks_for_the_same_proof_in_less_time() -> None:
    shares = {"errors_percent", "slow_percent"}
    assert demo_policy().objectives.model_dump(include=shares) == Policy().objectives.model_dump(include=shares)
    assert demo_policy().confidence == Policy().confidence
    assert sum(step.minutes for step in demo_policy().steps) < 1


def test_a_policy_is_read_from_plain_documents() -> None:
    document = {"steps": [{"percent": 5, "evidence": "carried"}, {"percent": 50}], "approve_promotion": True}
    assert Policy.model_validate(document).steps[0].evidence is Carry.CARRIED
