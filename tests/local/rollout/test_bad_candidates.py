"""Candidates that fail at work: each is rolled back for its own reason, and callers lose nothing but its share."""

import logging
import random
import time
from dataclasses import dataclass
from pathlib import Path

import pytest
from servers.callers import callers
from servers.rollout_machine import RolloutMachine

from rollout.phase import Phase

pytestmark = pytest.mark.timeout(900)

STRICT = """
objectives: {errors_percent: 1, slow_percent: 5, slow_seconds: 0.4}
validation: {lose_at_most: null}
smoke: {golden_f1_at_least: 0, p95_seconds: 20, minutes: 2}
shadow: {percent: 100, minutes_at_least: 0, minutes_at_most: 10}
steps: [{percent: 10, minutes: 0}]
dark_minutes: 0.7
"""
_LONGEST_PAUSE_SECONDS = 20.0

_log = logging.getLogger(__name__)
"""The figures: `pytest --log-cli-level=INFO`."""


@dataclass(frozen=True)
class Bad:
    """A version that fails."""

    version: str
    fault: str
    code: str
    said: str
    is_killed: bool = False
    """Its controller, somewhere on the way."""


ERRORS = Bad("11", "errors", "errors", "the objective of 1% is broken")
SLOW = Bad("12", "slow", "slow", "over 400 ms")
CRASH = Bad("13", "crash", "broken", "it crashed on purpose")
ASLEEP = Bad("14", "asleep", "not_ready", "not ready within")


@pytest.mark.parametrize("bad", [ERRORS, CRASH], ids=["one of twenty requests fails", "it crashes as it loads"])
def test_it_is_rolled_back_for_its_own_reason(machine: RolloutMachine, tmp_path: Path, bad: Bad) -> None:
    _roll_back(machine, tmp_path, bad)


@pytest.mark.long
@pytest.mark.parametrize("is_killed", [False, True], ids=["undisturbed", "its controller is killed"])
@pytest.mark.parametrize(
    "bad",
    [
        pytest.param(ERRORS, id="one of twenty requests fails"),
        pytest.param(SLOW, id="every answer takes 600 ms"),
        pytest.param(CRASH, id="it crashes as it loads"),
        pytest.param(ASLEEP, id="it never becomes ready"),
    ],
)
def test_with_real_encoders_too(encoding_machine: RolloutMachine, tmp_path: Path, bad: Bad, *, is_killed: bool) -> None:
    named = f"{bad.version}{int(is_killed)}"
    _roll_back(encoding_machine, tmp_path, Bad(named, bad.fault, bad.code, bad.said, is_killed))


def _roll_back(machine: RolloutMachine, folder: Path, bad: Bad) -> None:
    policy = folder / "strict.yaml"
    policy.write_text(STRICT)
    machine.add(bad.version)
    machine.inject(bad.version, bad.fault)
    champion = machine.registry.aliases["champion"]
    with callers(machine.platform.gateway, machine.routed, count=2) as told:
        machine.start(bad.version, policy)
        if bad.is_killed:
            time.sleep(random.uniform(0, _LONGEST_PAUSE_SECONDS))
            machine.kill_controller()
        outcome = machine.outcome(bad.version, 600)
    _log.info(
        "%s; %d asked, %d degraded, no traffic %s s after its first bad answer",
        outcome.reason, len(told.asked), len(told.degraded()), told.seconds_to_zero(bad.version),
    )  # fmt: skip
    assert (outcome.phase, outcome.code) == (Phase.ROLLED_BACK, bad.code), outcome.reason
    assert bad.said in outcome.reason
    assert machine.is_back()
    assert machine.registry.aliases["champion"] == champion
    assert told.failed() == []
    assert {each.version for each in told.degraded()} <= {bad.version}
