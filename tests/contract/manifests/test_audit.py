"""An audit that nobody answered is never called clean."""

import importlib.util
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


def test_the_reason_is_the_tool_s_own() -> None:
    assert AUDIT.verdict(None, "WARNING: x\nERROR: connection refused\n").reason == "ERROR: connection refused"
