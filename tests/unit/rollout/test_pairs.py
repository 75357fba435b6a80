from collections.abc import Sequence
from pathlib import Path

import pytest

from rollout.pair import SLOTS, Pair
from rollout.pairs import PairsFile, SupervisedPairs, free_slot, has_crashed
from serving.supervisor import ProcessState, Program, Supervisor
from summit_inference.errors import ConfigurationError

MODELS = Path("/models")


class _Manager(Supervisor):
    """A process manager that writes down what it is told."""

    def __init__(self) -> None:
        self.declared: list[str] = []
        self.followed: list[list[str]] = []
        self.states: list[ProcessState] = []
        self.logs = Path()

    def declare(self, owner: str, programs: Sequence[Program]) -> None:
        assert owner == "pairs"
        self.declared = [program.name for program in programs]

    def follow(self) -> None:
        self.followed.append(self.declared)

    def processes(self) -> list[ProcessState]:
        return self.states

    def log_of(self, name: str) -> Path:
        return self.logs / f"{name}.log"


@pytest.fixture
def manager() -> _Manager:
    return _Manager()


@pytest.fixture
def pairs(tmp_path: Path, manager: _Manager) -> SupervisedPairs:
    return SupervisedPairs(PairsFile(tmp_path / "pairs.json", port_offset=100), manager, lambda: 50.0)


def test_every_version_has_ports_of_its_own(pairs: SupervisedPairs) -> None:
    first, second = pairs.start("1", MODELS / "1"), pairs.start("2", MODELS / "2")
    assert (first.url, second.url) == ("http://127.0.0.1:8180", "http://127.0.0.1:8190")
    assert first.predictor_url in str(first.programs()[1].environment)
    assert pairs.all() == [first, second]


def test_starting_twice_starts_once(pairs: SupervisedPairs, manager: _Manager) -> None:
    assert pairs.start("1", MODELS / "1") == pairs.start("1", MODELS / "1")
    assert manager.declared == ["predictor-1", "transformer-1"]


def test_a_pair_that_ends_frees_its_ports(pairs: SupervisedPairs, manager: _Manager) -> None:
    for version in ("1", "2", "3"):
        pairs.start(version, MODELS / version)
    pairs.stop("2")
    assert manager.declared == ["predictor-1", "transformer-1", "predictor-3", "transformer-3"]
    assert pairs.start("4", MODELS / "4").slot == 1
    pairs.stop("9")


def test_a_machine_runs_so_many_pairs_and_no_more() -> None:
    full = [Pair(str(slot), slot, MODELS) for slot in range(SLOTS)]
    with pytest.raises(ConfigurationError, match="summit rollout abort"):
        free_slot(full)


def test_another_process_finds_the_same_pairs(pairs: SupervisedPairs, tmp_path: Path) -> None:
    pair = pairs.start("1", MODELS / "1")
    assert PairsFile(tmp_path / "pairs.json", 100).read() == [pair]


def test_a_file_of_rubbish_is_said(tmp_path: Path) -> None:
    file = PairsFile(tmp_path / "pairs.json", 0)
    file.path.write_text('[{"model_version": "../1"}]')
    with pytest.raises(ConfigurationError, match="remove it"):
        file.read()


@pytest.mark.parametrize(
    ("state", "started_at", "expected"),
    [
        pytest.param("RUNNING", 51.0, False, id="it runs since it was asked for"),
        pytest.param("STARTING", 51.0, False, id="it starts for the first time"),
        pytest.param("RUNNING", 60.0, True, id="it has been started again"),
        pytest.param("BACKOFF", 51.0, True, id="it has ended and waits"),
        pytest.param("FATAL", 51.0, True, id="the manager has given it up"),
        pytest.param("EXITED", 51.0, True, id="it has ended"),
    ],
)
def test_a_process_that_ended_by_itself_is_a_crash_of_its_pair(
    state: str, started_at: float, *, expected: bool
) -> None:
    pair = Pair("1", 0, MODELS, declared_at=50.0)
    processes = [ProcessState("predictor-1", state, 7, started_at)]
    assert has_crashed(pair, processes) is expected


def test_a_process_of_another_pair_says_nothing() -> None:
    processes = [ProcessState("predictor-2", "FATAL", 0, 0)]
    assert not has_crashed(Pair("1", 0, MODELS), processes)


def test_every_start_after_the_first_is_a_crash_however_soon_it_comes(
    pairs: SupervisedPairs, manager: _Manager
) -> None:
    pairs.start("1", MODELS / "1")
    manager.states = [ProcessState("predictor-1", "RUNNING", 7, 51.0)]
    assert pairs.crashes("1") == 0
    for started_at in (52.0, 53.0, 53.0):
        manager.states = [ProcessState("predictor-1", "RUNNING", 8, started_at)]
        pairs.crashes("1")
    assert pairs.crashes("1") == 2
    assert pairs.crashes("2") == 0


@pytest.mark.parametrize(
    ("log", "said"),
    [
        pytest.param("loading\nerror: it was changed\n\nloading\n", "it was changed", id="an error of ours"),
        pytest.param("Traceback\n  x\nst.SafetensorError: header\n", "st.SafetensorError: header", id="a traceback"),
        pytest.param('{"level":"info","event":"error: none"}\n', "", id="nothing has ended it"),
    ],
)
def test_the_error_that_ended_a_process_is_found_in_its_log(
    pairs: SupervisedPairs, manager: _Manager, tmp_path: Path, log: str, said: str
) -> None:
    pairs.start("1", MODELS / "1")
    manager.logs = tmp_path
    (tmp_path / "predictor-1.log").write_text(log)
    assert pairs.last_words("1") == said
    assert pairs.last_words("2") == ""


def test_pairs_that_start_anew_with_the_platform_have_not_crashed(pairs: SupervisedPairs, tmp_path: Path) -> None:
    pairs.start("1", MODELS / "1")
    pairs.start("2", MODELS / "2")
    later = SupervisedPairs(PairsFile(tmp_path / "pairs.json", 100), _Manager(), lambda: 900.0)
    later.renew(lambda pair: pair.model_version == "2")
    assert [(pair.model_version, pair.declared_at, pair.slot) for pair in later.all()] == [("2", 900.0, 1)]
