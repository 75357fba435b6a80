"""Wrap manifests/monitoring/rules.yaml, a plain rule file, as a PrometheusRule: `--check` compares."""

import sys
from pathlib import Path

_MONITORING = Path(__file__).resolve().parents[1] / "manifests" / "monitoring"
_HEAD = """\
# Made by scripts/prometheus_rule.py from rules.yaml; change it there.
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata:
  name: summit-inference
spec:
"""


def wrapped(rules: str) -> str:
    """The resource that holds the groups of a rule file, without its comments at the top."""
    groups = rules[rules.index("groups:") :]
    return _HEAD + "".join(f"  {line}" if line.strip() else line for line in groups.splitlines(keepends=True))


def main(arguments: list[str]) -> int:
    """Write the resource; with `--check`, 1 where it is not what it would be."""
    resource = _MONITORING / "prometheusrule.yaml"
    made = wrapped((_MONITORING / "rules.yaml").read_text("utf-8"))
    if arguments != ["--check"]:
        resource.write_text(made, "utf-8")
    elif not resource.exists() or resource.read_text("utf-8") != made:
        print(
            "prometheusrule.yaml is not made from rules.yaml; run: python scripts/prometheus_rule.py", file=sys.stderr
        )
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
