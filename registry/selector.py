"""How people name a version: its number, its semver, or an alias. Pure."""

import re
from dataclasses import dataclass
from enum import StrEnum

from summit_inference.errors import InvalidRequest

CHAMPION = "champion"
"""The alias of what serves; the selector that stands for a missing one."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,127}", re.ASCII)
_NUMBER = re.compile(r"[1-9][0-9]{0,8}", re.ASCII)
_SEMVER = re.compile(r"v?(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z.-]+)?", re.ASCII)
_ALIAS = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,127}", re.ASCII)


class Kind(StrEnum):
    NUMBER = "version"
    SEMVER = "semver"
    ALIAS = "alias"


@dataclass(frozen=True, slots=True)
class Selector:
    """One version of a model, as asked for. `value` of a semver is in its written form, with the `v`."""

    kind: Kind
    value: str

    @classmethod
    def parse(cls, text: str) -> "Selector":
        """`3`, `v2.1.0` or `2.1.0`, or an alias.

        Raises:
            InvalidRequest: the text is none of them.
        """
        if is_number(text):
            return cls(Kind.NUMBER, text)
        if (semver := written_semver(text)) is not None:
            return cls(Kind.SEMVER, semver)
        if _ALIAS.fullmatch(text):
            return cls(Kind.ALIAS, text)
        raise InvalidRequest("a version is a number (3), a semver (v2.1.0) or an alias (champion)")


def is_number(text: str) -> bool:
    """Whether the text is a number of a version in MLflow."""
    return _NUMBER.fullmatch(text) is not None


def is_name(text: str) -> bool:
    """Whether the text may name a registered model: it becomes a part of URLs, paths and filters."""
    return _NAME.fullmatch(text) is not None


def written_semver(text: str) -> str | None:
    """The semver with its `v`, as the tag `semver` holds it; None if the text is none."""
    return f"v{text.removeprefix('v')}" if _SEMVER.fullmatch(text) else None
