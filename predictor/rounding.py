"""What a version says about being computed in 8 bits: which maps, and what that was measured to cost. Pure.

The record is two tags of the version, set when it is published. Without them it is not rounded unless somebody asks.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Self

F1_LOSS_TAG = "int8_f1_loss"
"""The largest loss of strict F1 on any development set, in points."""
MAPS_TAG = "int8_maps"
"""Endings of the names of the linear maps that were rounded, with spaces between; all, where it is missing."""


@dataclass(frozen=True, slots=True)
class Rounding:
    """The record of one version."""

    f1_loss: float | None = None
    maps: tuple[str, ...] = ()
    """Empty: all."""

    @classmethod
    def recorded(cls, tags: Mapping[str, str]) -> Self:
        """What the tags of a version say; a loss that is no number says nothing."""
        try:
            f1_loss = float(tags[F1_LOSS_TAG])
        except (KeyError, ValueError):
            f1_loss = None
        return cls(f1_loss, tuple(tags.get(MAPS_TAG, "").split()))

    def is_fit(self, max_f1_loss: float) -> bool:
        """Whether it was measured to lose no more than this, in points."""
        return self.f1_loss is not None and self.f1_loss <= max_f1_loss

    def chosen(self, names: Iterable[str]) -> set[str]:
        """Of the linear maps of a network, those to be rounded."""
        return {name for name in names if not self.maps or name.endswith(self.maps)}
