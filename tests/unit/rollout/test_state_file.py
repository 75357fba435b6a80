from pathlib import Path

import pytest

from rollout.phase import Phase
from rollout.state import ExactVersion, ModelRollout, Spec, Status
from rollout.state_file import StateFile, forget_champion
from rollout.world import StatusConflict
from summit_inference.errors import ConfigurationError

NAME = "summit-extract"
NEW = ModelRollout(name=NAME, spec=Spec(model_name=NAME))


@pytest.fixture
def store(tmp_path: Path) -> StateFile:
    return StateFile(tmp_path / "rollouts")


def test_what_was_written_is_read_by_another_process(store: StateFile, tmp_path: Path) -> None:
    assert store.read(NAME) is None
    made = store.write_spec(NEW, NEW.spec)
    written = store.write_status(made, Status(phase=Phase.DARK, candidate=ExactVersion(version="2"), percent=0))
    assert StateFile(tmp_path / "rollouts").read(NAME) == written


def test_who_has_not_seen_the_last_write_changes_nothing(store: StateFile) -> None:
    first = store.write_spec(NEW, NEW.spec)
    second = store.write_spec(first, first.spec.model_copy(update={"is_suspended": True}))
    for stale in (NEW, first):
        with pytest.raises(StatusConflict):
            store.write_status(stale, Status(phase=Phase.RAMP))
    assert store.read(NAME) == second


def test_a_status_keeps_the_spec_that_people_wrote(store: StateFile) -> None:
    made = store.write_spec(NEW, NEW.spec.model_copy(update={"is_suspended": True}))
    assert store.write_status(made, Status(phase=Phase.SUSPENDED)).spec.is_suspended


def test_a_file_of_rubbish_is_said(store: StateFile, tmp_path: Path) -> None:
    store.write_spec(NEW, NEW.spec)
    (tmp_path / "rollouts" / f"{NAME}.json").write_text("{")
    with pytest.raises(ConfigurationError, match="what serves stays"):
        store.read(NAME)


@pytest.mark.parametrize(("phase", "is_kept"), [(Phase.PROMOTED, False), (Phase.RAMP, True)])
def test_only_a_rollout_that_is_over_finds_out_anew_what_serves(
    store: StateFile, phase: Phase, *, is_kept: bool
) -> None:
    made = store.write_spec(NEW, NEW.spec)
    store.write_status(made, Status(phase=phase, champion=ExactVersion(version="1")))
    forget_champion(store, NAME)
    found = store.read(NAME)
    assert found
    assert bool(found.status.champion) is is_kept
