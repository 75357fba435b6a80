"""Flags: what an operator changes while the gateway runs. Pure: names and texts, as a store holds them, to a value.

throttle              at most so many requests a second reach the model; the fallback answers the others
fallback_only         the model is not asked at all
refuse                nobody gets an answer of the fallback: what the model cannot answer is refused
disable_version:<v>   no request goes to this model version
shadow_percent        share of the requests that are mirrored, over what the routes document says
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

from summit_inference.errors import InvalidRequest

DISABLE_PREFIX = "disable_version:"
_SWITCHES = ("fallback_only", "refuse")
_NAMES = ("throttle", *_SWITCHES, f"{DISABLE_PREFIX}<model version>", "shadow_percent")
_DISABLE = re.compile(re.escape(DISABLE_PREFIX) + r"[A-Za-z0-9._-]{1,64}")
_NUMBERS = {"throttle": 1_000_000.0, "shadow_percent": 100.0}
"""The largest that each may be."""

Entries = Mapping[str, str]
"""Flags as a store holds them: name to text."""


@dataclass(frozen=True, slots=True)
class Flags:
    """What is set."""

    throttle: float | None = None
    """Requests a second that may reach the model; None: no limit."""
    fallback_only: bool = False
    refuse: bool = False
    disabled_versions: frozenset[str] = frozenset()
    shadow_percent: float | None = None
    """None: as the routes document says."""


def number_of(name: str, text: str) -> float:
    """The value of a flag: 1 or 0 for a switch that is on or off.

    Raises:
        InvalidRequest: there is no such flag, or it does not take this value.
    """
    if name in _NUMBERS:
        return _bounded(name, text)
    if name in _SWITCHES or _DISABLE.fullmatch(name):
        if text in {"true", "false"}:
            return float(text == "true")
        raise InvalidRequest(f"The flag {name} is true or false.")
    raise InvalidRequest(f"There is no such flag; there are {', '.join(_NAMES)}.")


def _bounded(name: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 <= value <= _NUMBERS[name]:
        raise InvalidRequest(f"The flag {name} is a number from 0 to {_NUMBERS[name]:g}.")
    return value


def flags_of(entries: Entries) -> tuple[Flags, dict[str, str]]:
    """The flags of a store; and of each entry that is none, what is wrong: it must not keep the others from working."""
    values: dict[str, float] = {}
    faults: dict[str, str] = {}
    for name, text in entries.items():
        try:
            values[name] = number_of(name, text)
        except InvalidRequest as error:
            faults[name] = error.message
    disabled = frozenset(name.removeprefix(DISABLE_PREFIX) for name in values if _is_disabling(name, values))
    flags = Flags(
        throttle=values.get("throttle"),
        fallback_only=bool(values.get("fallback_only")),
        refuse=bool(values.get("refuse")),
        disabled_versions=disabled,
        shadow_percent=values.get("shadow_percent"),
    )
    return flags, faults


def _is_disabling(name: str, values: Mapping[str, float]) -> bool:
    return name.startswith(DISABLE_PREFIX) and bool(values[name])
