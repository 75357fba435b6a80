"""What is applied for monitoring is what was tested: the rules, every dashboard, and ports that answer."""

import json
import subprocess
import sys

import yaml
from kube.pods import pods
from kube.rendering import MANIFESTS, ROOT, of_kind, one, overlay

MONITORING = MANIFESTS / "monitoring"


def test_the_resource_is_made_from_the_rules() -> None:
    done = subprocess.run(
        [sys.executable, "scripts/prometheus_rule.py", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_the_rules_that_are_applied_are_those_that_are_tested() -> None:
    (applied,) = of_kind(overlay("gpu"), "PrometheusRule")
    tested = yaml.safe_load((MONITORING / "rules.yaml").read_text("utf-8"))
    assert applied["spec"]["groups"] == tested["groups"]


def test_every_dashboard_is_applied() -> None:
    applied = one(overlay("gpu"), "ConfigMap", "summit-dashboards")["data"]
    files = {path.name: json.loads(path.read_text("utf-8")) for path in MONITORING.glob("dashboards/*.json")}
    assert {name: json.loads(text) for name, text in applied.items()} == files


def test_a_monitor_by_name_of_a_port_finds_that_port() -> None:
    resources = overlay("gpu")
    for monitor in of_kind(resources, "PodMonitor"):
        selector = monitor["spec"]["selector"].get("matchLabels", {}).items()
        chosen = [pod for pod in pods(resources) if selector and selector <= pod.labels.items()]
        for endpoint in monitor["spec"]["podMetricsEndpoints"]:
            if "port" in endpoint:
                named = {port["name"] for pod in chosen for c in pod.containers for port in c.get("ports", ())}
                assert endpoint["port"] in named, monitor["metadata"]["name"]


def test_everything_that_is_ours_and_runs_is_scraped() -> None:
    names = {each["metadata"]["name"] for each in of_kind(overlay("gpu"), "PodMonitor", "ServiceMonitor")}
    assert {"gateway", "fallback", "model", "eventing", "rollout"} <= names
