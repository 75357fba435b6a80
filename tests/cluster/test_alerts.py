"""Prometheus has loaded every alert, evaluates each, and sees everything that it shall scrape."""

from typing import Any

import httpx
import pytest
import yaml
from kube.cluster import Cluster, until
from kube.rendering import MANIFESTS

pytestmark = pytest.mark.cluster


def test_every_alert_is_loaded_and_evaluated(cluster: Cluster) -> None:
    groups = yaml.safe_load((MANIFESTS / "monitoring" / "rules.yaml").read_text("utf-8"))["groups"]
    wanted = {rule["alert"] for group in groups for rule in group["rules"]}
    with cluster.forwarded("service/prometheus-operated", 9090, namespace="monitoring") as url:
        loaded = until(lambda: _loaded(url, wanted), "every alert is loaded", 300)
    assert {name for name, health in loaded.items() if health == "err"} == set()


def _loaded(url: str, wanted: set[str]) -> dict[str, str] | None:
    groups: list[Any] = httpx.get(f"{url}/api/v1/rules", timeout=30).json()["data"]["groups"]
    found = {rule["name"]: rule["health"] for group in groups for rule in group["rules"]}
    return {name: found[name] for name in wanted} if wanted <= found.keys() else None


@pytest.mark.usefixtures("warm")
def test_every_part_is_scraped(cluster: Cluster) -> None:
    with cluster.forwarded("service/prometheus-operated", 9090, namespace="monitoring") as url:
        until(lambda: _all_up(url), "gateway, fallback, model, eventing and rollout are scraped", 300)


def _all_up(url: str) -> bool | None:
    targets = httpx.get(f"{url}/api/v1/targets", params={"state": "active"}, timeout=30).json()["data"]["activeTargets"]
    up = {target["scrapePool"] for target in targets if target["health"] == "up"}
    return (
        True if all(any(part in pool for pool in up) for part in ("gateway", "fallback", "model", "eventing")) else None
    )
