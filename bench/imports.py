"""What a Python command imports, read from `-X importtime`. Pure, but for `imported`."""

import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Imported:
    """The modules of one top-level package."""

    modules: int
    milliseconds: float
    """Their own, without what they import in turn."""


def imported(command: Sequence[str]) -> dict[str, Imported]:
    """By package, what the command imports before it ends. `command` is a Python and its arguments."""
    python, *rest = command
    done = subprocess.run([python, "-X", "importtime", *rest], check=True, capture_output=True, text=True)
    return packages(done.stderr)


def packages(report: str) -> dict[str, Imported]:
    """By package, what Python wrote of its imports: `import time: self [us] | cumulative | imported package`."""
    found: dict[str, Imported] = {}
    for line in report.splitlines():
        parts = line.removeprefix("import time:").split("|")
        if len(parts) != 3 or not parts[0].strip().isdigit():  # noqa: PLR2004 - the head, or something else
            continue
        name = parts[2].strip().partition(".")[0]
        before = found.get(name, Imported(0, 0.0))
        found[name] = Imported(before.modules + 1, before.milliseconds + int(parts[0]) / 1000)
    return found


def beyond(found: Mapping[str, Imported], base: Mapping[str, Imported]) -> dict[str, Imported]:
    """The packages that `base` lacks, the slowest first."""
    names = sorted(found.keys() - base.keys(), key=lambda name: -found[name].milliseconds)
    return {name: found[name] for name in names}
