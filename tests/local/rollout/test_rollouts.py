"""From an order to a champion, or back, with real processes under load; and what callers saw meanwhile."""

from pathlib import Path

import pytest
from servers.callers import callers, chi_square
from servers.rollout_machine import RolloutMachine

from rollout.phase import Phase

pytestmark = pytest.mark.timeout(500)  # on a machine that does other things besides

_RARE = {1: 15.14, 2: 18.42, 3: 21.11, 4: 23.51, 5: 25.74}
"""The χ² that chance exceeds once in ten thousand times, by degrees of freedom."""


def test_a_good_candidate_becomes_champion_though_its_controller_is_killed_and_no_caller_notices(
    machine: RolloutMachine, quick: Path
) -> None:
    machine.add("2")
    with callers(machine.platform.gateway, machine.routed) as told:
        machine.start("2", quick)
        machine.until(lambda status: status.phase is Phase.RAMP, 200)
        machine.kill_controller()
        outcome = machine.outcome("2", 200)
    assert outcome.phase is Phase.PROMOTED, outcome
    assert machine.registry.aliases == {"champion": "2", "candidate": "2", "previous": "1"}
    assert machine.is_back()
    assert told.failed() == []
    assert told.degraded() == []
    distance, freedom = chi_square(told.by_percent("2"))
    assert distance < _RARE[freedom], told.by_percent("2")
    assert machine.registry.tags["2"]["rollout.state"] == "Promoted"
    history = machine.platform.summit("rollout", "history").stdout
    assert "Promoted" in history
    assert "1 → 2" in history


@pytest.mark.parametrize(
    ("version", "code", "said"),
    [
        pytest.param("3", "invalid", "cannot give the label LOC", id="labels that callers would miss"),
        pytest.param("4", "broken", "not what was published", id="files with another digest"),
    ],
)
def test_a_candidate_that_must_not_be_loaded_is_refused_with_the_reason(
    machine: RolloutMachine, quick: Path, version: str, code: str, said: str
) -> None:
    machine.add(version, {"3": _without_places, "4": lambda _: None}[version])
    if version == "4":
        _append(machine.registry.folder(version) / "model.safetensors")
    with callers(machine.platform.gateway, machine.routed) as told:
        machine.start(version, quick)
        outcome = machine.outcome(version, 100)
    assert (outcome.phase, outcome.code) == (Phase.ROLLED_BACK, code)
    assert said in outcome.reason
    assert machine.is_back()
    assert {each.version for each in told.asked} == {machine.registry.aliases["champion"]}
    assert told.failed() == told.degraded() == []


def _without_places(directory: Path) -> None:
    file = directory / "config.json"
    file.write_text(file.read_text().replace("-LOC", "-MISC"))


def _append(file: Path) -> None:
    file.write_bytes(file.read_bytes() + b"more")
