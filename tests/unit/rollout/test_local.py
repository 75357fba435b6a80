import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from rollout.effects import Restore, SetShadow, Settle, SetTraffic, StartDark
from rollout.local import LocalBackend
from rollout.pair import Pair
from rollout.pair_health import PairHealth
from rollout.routes_file import RoutesFile
from rollout.state import ExactVersion
from rollout.world import Deployed, Readiness
from summit_inference.errors import ArtifactError, ConfigurationError

ONE, TWO = ExactVersion(version="1", digest="a"), ExactVersion(version="2", digest="b")


class _Pairs:
    """Pairs whose processes are ready at once."""

    def __init__(self) -> None:
        self.kept: list[Pair] = []

    def all(self) -> Sequence[Pair]:
        return tuple(self.kept)

    def start(self, model_version: str, directory: Path) -> Pair:
        found = [pair for pair in self.kept if pair.model_version == model_version]
        if not found:
            self.kept.append(Pair(model_version, len(self.kept), directory))
        return (found or self.kept[-1:])[0]

    def stop(self, model_version: str) -> None:
        self.kept = [pair for pair in self.kept if pair.model_version != model_version]

    def keep(self, model_version: str) -> None:
        self.kept = [pair for pair in self.kept if pair.model_version == model_version]

    def crashes(self, model_version: str) -> int:
        return int(model_version not in {pair.model_version for pair in self.kept})

    def last_words(self, model_version: str) -> str:
        return model_version


class _Health(PairHealth):
    def of(self, pair: Pair) -> Deployed:
        return Deployed(Readiness.READY, revision=pair.model_version, answers_as=pair.model_version)


class _Machine:
    """A machine that serves version 1."""

    def __init__(self, folder: Path) -> None:
        self.pairs = _Pairs()
        self.routes = RoutesFile(folder / "routes.json")
        self.broken: set[str] = set()
        self.now = 1e12
        health = _Health("summit-extract", self.pairs, None)  # type: ignore[arg-type] # asks nobody
        self.backend = LocalBackend(
            "summit-extract", self.pairs, health, self.routes, self._fetch, clock=lambda: self.now
        )
        self.backend.settle(Settle(ONE))

    def _fetch(self, version: ExactVersion) -> Path:
        if version.version in self.broken:
            raise ArtifactError("model.safetensors is not what was published, its sha256 is another")
        return Path("/models") / version.version

    def written(self) -> list[tuple[str, int, int]]:
        document = self.routes.read()
        assert document
        return [(route.model_version, route.percent, route.shadow_percent) for route in document.routes]


@pytest.fixture
def machine(tmp_path: Path) -> _Machine:
    return _Machine(tmp_path)


def test_a_candidate_starts_with_a_route_and_no_traffic(machine: _Machine) -> None:
    machine.backend.start_dark(StartDark(TWO, ONE))
    assert machine.written() == [("1", 100, 0), ("2", 0, 0)]
    serving = machine.backend.observe()
    assert (serving.specified, serving.rolled_out, serving.is_settled) == ("2", "1", False)
    assert serving.deployed["2"].readiness is Readiness.READY


def test_without_a_champion_the_candidate_gets_what_there_is(tmp_path: Path) -> None:
    machine = _Machine(tmp_path)
    machine.backend.start_dark(StartDark(TWO, None))
    assert machine.written() == [("2", 100, 0)]


def test_traffic_and_copies_are_set_apart(machine: _Machine) -> None:
    machine.backend.start_dark(StartDark(TWO, ONE))
    machine.backend.set_shadow(SetShadow(TWO, ONE, 100))
    machine.backend.set_traffic(SetTraffic(TWO, ONE, 25))
    assert machine.written() == [("1", 75, 0), ("2", 25, 100)]
    assert machine.backend.observe().routed == machine.backend.observe().split == {"1": 75, "2": 25}
    machine.backend.set_shadow(SetShadow(TWO, ONE, 0))
    assert machine.written() == [("1", 75, 0), ("2", 25, 0)]


def test_copies_for_a_version_without_a_route_are_refused(machine: _Machine) -> None:
    with pytest.raises(ConfigurationError):
        machine.backend.set_shadow(SetShadow(TWO, ONE, 100))


def test_every_effect_twice_is_the_same_as_once(machine: _Machine) -> None:
    for effect in (StartDark(TWO, ONE), SetTraffic(TWO, ONE, 50), SetShadow(TWO, ONE, 10), Restore(ONE, TWO)):
        act = {
            StartDark: machine.backend.start_dark,
            SetTraffic: machine.backend.set_traffic,
            SetShadow: machine.backend.set_shadow,
            Restore: machine.backend.restore,
        }[type(effect)]
        act(effect)  # type: ignore[operator]
        before = machine.routes.read(), machine.pairs.all()
        act(effect)  # type: ignore[operator]
        assert (machine.routes.read(), machine.pairs.all()) == before


def test_a_rollback_takes_the_candidates_route_out_and_leaves_the_champion_running(machine: _Machine) -> None:
    machine.backend.start_dark(StartDark(TWO, ONE))
    machine.backend.set_traffic(SetTraffic(TWO, ONE, 0))
    machine.backend.restore(Restore(ONE, TWO))
    assert machine.written() == [("1", 100, 0)]
    assert machine.backend.observe().specified == "1"
    assert [pair.model_version for pair in machine.pairs.all()] == ["1", "2"]
    machine.backend.settle(Settle(ONE))
    assert machine.backend.observe().is_settled


def test_a_version_outlives_its_route_until_gateways_have_followed(machine: _Machine) -> None:
    machine.backend.start_dark(StartDark(TWO, ONE))
    machine.backend.set_traffic(SetTraffic(TWO, ONE, 100))
    machine.now = 0.0
    machine.backend.settle(Settle(TWO))
    os.utime(machine.routes.path, (100, 100))
    machine.now = 101.0
    machine.backend.settle(Settle(TWO))
    assert len(machine.pairs.all()) == 2
    machine.now = 103.0
    machine.backend.settle(Settle(TWO))
    assert [pair.model_version for pair in machine.pairs.all()] == ["2"]
    assert machine.backend.observe().is_settled


def test_files_that_are_not_what_was_published_are_a_fault_of_the_candidate(machine: _Machine) -> None:
    machine.broken.add("2")
    machine.backend.start_dark(StartDark(TWO, ONE))
    serving = machine.backend.observe()
    assert (serving.specified, serving.deployed["2"].readiness) == ("2", Readiness.FAILED)
    assert "sha256" in serving.deployed["2"].fault
    assert machine.written() == [("1", 100, 0)]
    machine.backend.restore(Restore(ONE, TWO))
    assert machine.backend.observe().is_settled


def test_a_champion_that_somebody_ended_is_started_again(machine: _Machine) -> None:
    machine.backend.start_dark(StartDark(TWO, ONE))
    machine.pairs.stop("1")
    machine.backend.set_traffic(SetTraffic(TWO, ONE, 0))
    assert {pair.model_version for pair in machine.pairs.all()} == {"1", "2"}
