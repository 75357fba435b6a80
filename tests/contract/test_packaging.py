"""The layout's promises: see docs/decisions/0001-folders-are-packages.md."""

import importlib
import re
import tomllib
from importlib import metadata
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
CONFIG = PYPROJECT["tool"]
PACKAGES = CONFIG["hatch"]["build"]["targets"]["wheel"]["packages"]


def test_every_folder_with_an_init_ships_is_checked_and_is_linted() -> None:
    on_disk = sorted(p.parent.name for p in ROOT.glob("*/__init__.py"))
    assert on_disk == sorted(PACKAGES) == sorted(CONFIG["mypy"]["packages"])
    assert on_disk == sorted(CONFIG["importlinter"]["root_packages"])


@pytest.mark.parametrize("name", PACKAGES)
def test_no_other_distribution_owns_our_import_names(name: str) -> None:
    owners = metadata.packages_distributions().get(name, ["summit-inference"])  # an editable install lists none
    assert owners == ["summit-inference"]
    home = Path(str(importlib.import_module(name).__file__)).resolve().parents[1]
    assert home == Path(str(importlib.import_module("summit_inference").__file__)).resolve().parents[1]


def test_the_tests_are_no_packages() -> None:
    """`tests/predictor/__init__.py` would shadow `predictor` (pytest 9, both import modes)."""
    assert not list((ROOT / "tests").rglob("__init__.py"))


def test_the_distribution_can_not_be_uploaded() -> None:
    assert "Private :: Do Not Upload" in PYPROJECT["project"]["classifiers"]


def test_torch_is_pinned_in_the_lock_and_open_in_the_project() -> None:
    assert "torch==2.13.0" in (ROOT / "requirements" / "platform.txt").read_text().splitlines()
    ranges = [line for extra in PYPROJECT["project"]["optional-dependencies"].values() for line in extra]
    assert {line for line in ranges if line.startswith("torch")} == {"torch>=2.9"}


@pytest.mark.parametrize("lock", ["platform.txt", "dev.txt", "long.txt", "base-model.txt"])
def test_a_lock_names_exact_versions_and_no_host(lock: str) -> None:
    lines = (ROOT / "requirements" / lock).read_text().splitlines()
    packages = [line for line in lines if line and not line.startswith("#")]
    assert packages
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.!_-]+", line) for line in packages)
