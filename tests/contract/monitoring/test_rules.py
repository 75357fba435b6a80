"""Every alert says what to do, fires when it shall, and stays quiet when it shall: by Prometheus' own tool."""

import re
import subprocess
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
import yaml
from servers.prometheus import promtool

ROOT = Path(__file__).resolve().parents[3]
MONITORING = ROOT / "manifests" / "monitoring"
RUNBOOKS = ROOT / "docs" / "runbooks"


def _alerts() -> list[dict[str, Any]]:
    groups = yaml.safe_load((MONITORING / "rules.yaml").read_text("utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


ALERTS = {alert["alert"]: alert for alert in _alerts()}


def _promtool(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([promtool(), *arguments], cwd=MONITORING, capture_output=True, text=True, check=False)


def test_the_rules_are_valid() -> None:
    done = _promtool("check", "rules", "rules.yaml")
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_alerts_fire_as_their_cases_say() -> None:
    done = _promtool("test", "rules", "tests.yaml")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    "bound", ["> 0.05", "> 0.01", "< 300", "> 60", "> 100", "> 0.95", "< 1\n", "== 1)", 'reason!="flag"']
)
def test_the_cases_notice_a_bound_that_is_lost(bound: str, tmp_path: Path) -> None:
    """Each bound is one of the rules' own; turned around or made useless, a case must fail."""
    rules = (MONITORING / "rules.yaml").read_text("utf-8")
    assert bound in rules
    opposite = bound.translate(str.maketrans("<>", "><")).replace("== 1", ">= 0").replace('!="flag"', '=~".*"')
    (tmp_path / "rules.yaml").write_text(rules.replace(bound, opposite))
    (tmp_path / "tests.yaml").write_text((MONITORING / "tests.yaml").read_text("utf-8"))
    assert _promtool("test", "rules", str(tmp_path / "tests.yaml")).returncode == 1


def test_every_alert_has_a_case_that_fires_and_one_that_does_not() -> None:
    cases: dict[str, set[bool]] = defaultdict(set)
    for group in yaml.safe_load((MONITORING / "tests.yaml").read_text("utf-8"))["tests"]:
        for case in group["alert_rule_test"]:
            cases[case["alertname"]].add(bool(case["exp_alerts"]))
    assert dict(cases) == {name: {True, False} for name in ALERTS}


@pytest.mark.parametrize("alert", ALERTS.values(), ids=lambda alert: str(alert["alert"]))
def test_an_alert_has_a_severity_a_summary_and_a_page(alert: dict[str, Any]) -> None:
    assert alert["labels"]["severity"] in {"warning", "critical"}
    assert alert["annotations"]["summary"].endswith(".")
    page = ROOT / alert["annotations"]["runbook"]
    assert page.parent == RUNBOOKS
    text = page.read_text("utf-8")
    assert text.startswith(f"# {alert['alert']}\n")
    assert re.findall("^## (.*)$", text, re.MULTILINE) == ["Look at", "Do"]


def test_every_page_is_an_alerts_and_in_the_list() -> None:
    pages = {path.name for path in RUNBOOKS.glob("*.md")} - {"README.md"}
    assert pages == {Path(alert["annotations"]["runbook"]).name for alert in ALERTS.values()}
    listed = re.findall(r"^\| (\w+) \| \[(\w+)\]\((.+)\)", (RUNBOOKS / "README.md").read_text("utf-8"), re.MULTILINE)
    assert {(severity, name, page) for severity, name, page in listed} == {
        (alert["labels"]["severity"], name, Path(alert["annotations"]["runbook"]).name)
        for name, alert in ALERTS.items()
    }
