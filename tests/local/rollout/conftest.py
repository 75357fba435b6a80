"""Machines that roll out: each test tries another version against the champion of the moment."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from servers.rollout_machine import RolloutMachine, rollout_machine

QUICK = """
objectives: {errors_percent: 5, slow_percent: 40, slow_seconds: 2.0}
validation: {lose_at_most: null}
smoke: {golden_f1_at_least: 0, p95_seconds: 20}
shadow: {percent: 100, minutes_at_least: 0, compared_at_least: 20}
steps: [{percent: 25, minutes: 0}, {percent: 50, minutes: 0}]
dark_minutes: 5
soak_minutes: 0.05
"""
"""All that a rollout does, asking for so little evidence that it is there within seconds."""


@pytest.fixture(scope="session")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RolloutMachine]:
    """All is real but the encoders."""
    with rollout_machine(tmp_path_factory.mktemp("rollout"), is_scripted=True) as running:
        yield running


@pytest.fixture(scope="session")
def encoding_machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RolloutMachine]:
    """All is real, with tiny encoders."""
    with rollout_machine(tmp_path_factory.mktemp("encoding"), is_scripted=False) as running:
        yield running


@pytest.fixture
def quick(tmp_path: Path) -> Path:
    file = tmp_path / "quick.yaml"
    file.write_text(QUICK)
    return file
