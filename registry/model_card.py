"""What people read beside a version's files: a model card, and the licences. Pure."""

import json
from collections.abc import Mapping

from registry.publish_order import PublishOrder


def card(order: PublishOrder) -> str:
    """The model card: YAML at the head for machines, then Markdown for people."""
    head = {"license": order.licence, "pipeline_tag": "token-classification", "library_name": "transformers"}
    yaml = "".join(f"{key}: {json.dumps(value)}\n" for key, value in head.items())
    sections = (
        f"# {order.name} {order.semver}",
        order.description,
        _table("Measured", ("slice/metric", "value"), {name: f"{value:.4f}" for name, value in order.metrics.items()}),
        _table("Trained with", ("parameter", "value"), order.params),
        _table("Trained on", ("corpus", "licence"), order.data_licences),
    )
    return f"---\n{yaml}---\n\n" + "\n\n".join(filter(None, sections)) + "\n"


def licences(order: PublishOrder) -> str:
    """The licence of the weights and those of the data, in words."""
    data = "".join(f"- {corpus}: {licence}\n" for corpus, licence in sorted(order.data_licences.items()))
    return f"{order.name} {order.semver}\n\nThe weights: {order.licence}\n" + (f"\nTrained on:\n{data}" if data else "")


def _table(title: str, head: tuple[str, str], rows: Mapping[str, str]) -> str:
    lines = (f"| {name} | {value} |" for name, value in sorted(rows.items()))
    return "\n".join((f"## {title}\n", f"| {head[0]} | {head[1]} |", "|---|---|", *lines)) if rows else ""
