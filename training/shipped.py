"""The versions that the project ships: which file, which recipe, and what was measured when it was made."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from training.recipe import V1, V2, Recipe

_DIRECTORY = Path(__file__).parent / "versions"


@dataclass(frozen=True, slots=True)
class ShippedVersion:
    """One version as it is committed: `<name>.safetensors`, and `<name>.json` beside it with what is known of it."""

    name: str
    recipe: Recipe

    @property
    def semver(self) -> str:
        """What the published model version is tagged with."""
        return f"v{self.recipe.version}"

    @property
    def file(self) -> Path:
        """The adapter, to be merged into the base encoder."""
        return _DIRECTORY / f"{self.name}.safetensors"

    def card(self) -> Mapping[str, Any]:
        """Recipe, data, licences, digests and scores, as recorded when the version was trained."""
        card: dict[str, Any] = json.loads((_DIRECTORY / f"{self.name}.json").read_bytes())
        return card

    def metrics(self) -> dict[str, float]:
        """The recorded F1 in percent by slice and label: `btc_test/f1`, `btc_test/f1_PER` and so on."""
        return {
            f"{slice_name}/f1" + ("" if label == "micro" else f"_{label}"): score["f1"]
            for slice_name, scores in self.card()["scores"].items()
            for label, score in scores.items()
        }


SHIPPED = (ShippedVersion("v1", V1), ShippedVersion("v2", V2))
"""Oldest first."""
