"""Rules, dashboards and runbooks speak of metrics that are declared, and what is declared is counted somewhere."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from prometheus_client.metrics import Histogram, MetricWrapperBase
from prometheus_client.utils import floatToGoString
from servers.dashboards import panel_queries

from summit_inference import metrics

ROOT = Path(__file__).resolve().parents[3]
FOREIGN = {
    "up",
    "kube_node_status_allocatable",
    "kube_pod_container_resource_requests",
    "kube_pod_status_phase",
}
"""Prometheus' own, and kube-state-metrics'."""
DECLARED = {name: metric for name, metric in vars(metrics).items() if isinstance(metric, MetricWrapperBase)}
_SUFFIXES = {"counter": ("_total",), "gauge": ("",), "histogram": ("_bucket", "_sum", "_count")}
_LISTS = re.compile(r"\b(?:by|on|without|ignoring|group_left|group_right) *\([^)]*\)")
_NOISE = re.compile(r'\{[^}]*\}|\[[^\]]*\]|"[^"]*"|\b[a-z_]+ *(?=\()')
_WORDS = {"and", "or", "unless", "on"}


def _series_of(metric: MetricWrapperBase) -> list[str]:
    (family,) = metric.describe()
    return [family.name + suffix for suffix in _SUFFIXES[family.type]]


SERIES = {name: metric for metric in DECLARED.values() for name in _series_of(metric)}


def _metrics_of(expression: str) -> set[str]:
    """The metrics that a PromQL expression reads."""
    rest = _NOISE.sub(" ", _LISTS.sub(" ", expression))
    return set(re.findall(r"\b[a-z_][a-z0-9_:]*\b", rest)) - _WORDS


def _expressions() -> Iterator[tuple[str, str]]:
    rules = yaml.safe_load((ROOT / "manifests" / "monitoring" / "rules.yaml").read_text("utf-8"))
    for group in rules["groups"]:
        yield from ((rule["alert"], rule["expr"]) for rule in group["rules"])
    yield from ((str(query), query.expression) for query in panel_queries())
    for page in sorted((ROOT / "docs" / "runbooks").glob("*.md")):
        for number, block in enumerate(re.findall(r"```promql\n(.*?)```", page.read_text("utf-8"), re.DOTALL)):
            yield f"{page.stem} {number}", block


EXPRESSIONS = [pytest.param(expression, id=name) for name, expression in _expressions()]


@pytest.mark.parametrize(
    ("expression", "names"),
    [
        ('sum by (le, model_version) (rate(ai_x_bucket{a="b_c", le=~"d"}[5m])) / on (pod) y > 1', {"ai_x_bucket", "y"}),
        ("max(a) unless on () (time() - max(b_seconds) < 300) or vector(0)", {"a", "b_seconds"}),
        ("a\n* on (x, y) group_left () (b == 1)", {"a", "b"}),
    ],
)
def test_metrics_are_found_in_an_expression(expression: str, names: set[str]) -> None:
    assert _metrics_of(expression) == names


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_what_is_asked_for_is_declared(expression: str) -> None:
    asked = _metrics_of(expression)
    assert asked
    assert asked <= {*SERIES, *FOREIGN}


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_labels_that_are_selected_are_labels_of_the_metric(expression: str) -> None:
    for name, selector in re.findall(r"\b(ai_[a-z_]+)\{([^}]*)\}", expression):
        allowed = {*SERIES[name]._labelnames, "le", "job", "instance"}
        assert set(re.findall(r"(\w+) *[=!]~?", re.sub(r'"[^"]*"', "", selector))) <= allowed, name


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_a_bound_that_is_judged_is_a_bucket(expression: str) -> None:
    for name, bound in re.findall(r'\b(\w+_bucket)\{[^}]*\ble="([^"]+)"', expression):
        histogram = SERIES[name]
        assert isinstance(histogram, Histogram)
        assert bound in map(floatToGoString, histogram._upper_bounds)


def test_every_metric_is_counted_somewhere() -> None:
    source = "\n".join(
        path.read_text("utf-8")
        for package in ROOT.glob("*/__init__.py")
        for path in package.parent.rglob("*.py")
        if path != Path(metrics.__file__)
    )
    uncounted = {name for name in DECLARED if not re.search(rf"\b{name}\b\.(labels|inc|set|observe|track)", source)}
    assert uncounted == set()


@pytest.mark.parametrize(
    "path", sorted((ROOT / "manifests" / "monitoring" / "dashboards").glob("*.json")), ids=lambda p: p.stem
)
def test_a_dashboard_is_whole(path: Path) -> None:
    dashboard = json.loads(path.read_text("utf-8"))
    assert dashboard["uid"] == f"summit-{path.stem}"
    panels = dashboard["panels"]
    assert len({panel["id"] for panel in panels}) == len({panel["title"] for panel in panels}) == len(panels)
    places = {(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in panels}
    assert len(places) == len(panels)
    for panel in panels:
        assert panel["description"].endswith(".")
        assert panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
        assert panel["targets"]
