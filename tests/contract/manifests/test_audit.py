"""An audit that nobody answered is never called clean."""

import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from kube.rendering import ROOT


def _script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("audit_script", ROOT / "scripts" / "audit.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


AUDIT = _script()
GOOD = {"name": "numpy", "version": "2.3.0", "vulns": []}
BAD = {"name": "jinja2", "version": "2.0", "vulns": [{"id": "GHSA-462w-v97r-4m45"}]}
SKIPPED = {"name": "torch", "skip_reason": "it could not be found on the index"}
OURS = {"name": "summit-inference", "skip_reason": "it could not be found on the index"}


@pytest.mark.parametrize(
    ("report", "expected"),
    [
        pytest.param({"dependencies": [GOOD, OURS]}, "clean", id="a source answered for every package but ourselves"),
        pytest.param({"dependencies": [GOOD, BAD]}, "vulnerable", id="it knows something"),
        pytest.param({"dependencies": [BAD, SKIPPED]}, "vulnerable", id="it knows something, and not everything"),
        pytest.param({"dependencies": [GOOD, SKIPPED]}, "not audited", id="a package was skipped"),
        pytest.param({"dependencies": [OURS]}, "not audited", id="nothing is left"),
        pytest.param({"dependencies": []}, "not audited", id="an empty report"),
        pytest.param(None, "not audited", id="no report"),
    ],
)
def test_the_verdict_says_what_is_known(report: dict[str, Any] | None, expected: str) -> None:
    found = AUDIT.verdict(report, "ERROR: connection refused\n")
    assert found.verdict == expected
    assert (found.reason != "") == (expected == "not audited")


def test_packages_that_were_skipped_are_named_by_the_reason() -> None:
    report = {"dependencies": [GOOD, {"name": "torch", "skip_reason": "Dependency not found: torch (2.13.0+cpu)"}]}
    assert AUDIT.verdict(report, "").skipped == {"Dependency not found": ["torch"]}


@pytest.mark.parametrize(
    ("subject", "name"),
    [
        pytest.param("requirements/platform.txt", "platform", id="a lock"),
        pytest.param(".venv/bin/python", "environment", id="an environment"),
    ],
)
def test_a_bill_of_materials_is_called_after_its_subject(subject: str, name: str) -> None:
    assert AUDIT.name_of(Path(subject)) == name


def test_the_bill_of_an_image_is_called_after_its_folder(tmp_path: Path) -> None:
    (tmp_path / "gateway").mkdir()
    assert AUDIT.name_of(tmp_path / "gateway") == "gateway"


def test_the_reason_is_the_tool_s_own() -> None:
    assert AUDIT.verdict(None, "WARNING: x\nERROR: connection refused\n").reason == "ERROR: connection refused"
