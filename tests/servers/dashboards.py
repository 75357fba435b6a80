"""The queries of our Grafana dashboards, as a test asks them."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[2] / "manifests" / "monitoring" / "dashboards"
_VARIABLES = {"$model_version": ".*", "$__rate_interval": "20s"}
"""What Grafana would fill in; the interval is four scrapes and more of the test's Prometheus."""


@dataclass(frozen=True)
class PanelQuery:
    """One query of one panel."""

    dashboard: str
    panel: str
    unit: str
    legend: str
    expression: str

    @property
    def is_share(self) -> bool:
        """Whether its values are between 0 and 1."""
        return self.unit == "percentunit"

    def __str__(self) -> str:
        return f"{self.dashboard}: {self.panel} ({self.legend})"


def panel_queries() -> Iterator[PanelQuery]:
    """All of them, with the variables filled in."""
    for path in sorted(FOLDER.glob("*.json")):
        for panel in json.loads(path.read_text("utf-8"))["panels"]:
            for target in panel["targets"]:
                expression = target["expr"]
                for name, value in _VARIABLES.items():
                    expression = expression.replace(name, value)
                unit = panel["fieldConfig"]["defaults"]["unit"]
                yield PanelQuery(path.stem, panel["title"], unit, target["legendFormat"], expression)
