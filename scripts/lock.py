"""Resolve what pyproject.toml asks for, and write the exact versions into `requirements/`: `make lock`.

Versions only: no index, no address and no hash, so that the same lock serves whichever build of torch an index offers.
pip resolves without installing.
"""

import json
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[1]
_TORCH = "torch==2.13.0"
"""Pinned here and not in pyproject.toml, whose range stays open for those who bring another build."""

_RAY = "ray"
"""The extra of very large jobs, which is as large as all the others, and which one machine has no use for."""


def main() -> None:
    """Write the locks."""
    project = tomllib.loads((_ROOT / "pyproject.toml").read_text("utf-8"))
    extras = project["project"]["optional-dependencies"]
    on_one_machine = (line for name, extra in extras.items() if name != _RAY for line in extra)
    run_time = [*project["project"]["dependencies"], *on_one_machine, _TORCH]
    platform = _resolved(run_time)
    _write("platform.txt", "what `make up` installs: every component in one environment", platform)
    dev = _resolved([*platform, *project["dependency-groups"]["dev"]])
    _write("dev.txt", "what `make test` and `make check` add", [line for line in dev if line not in platform])
    long = _resolved([*dev, *project["dependency-groups"]["long"]])
    _write("long.txt", "what `make test-long` adds", [line for line in long if line not in dev])


def _resolved(requirements: list[str]) -> list[str]:
    """`name==version` of all that these need, sorted."""
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as asked:
        asked.write("\n".join(requirements))
        asked.flush()
        command = [sys.executable, "-m", "pip", "install", "--dry-run", "--ignore-installed"]
        command += ["--quiet", "--report", "-", "-r", asked.name]
        report = subprocess.run(command, check=True, stdout=subprocess.PIPE, cwd=_ROOT).stdout
    found = [each["metadata"] for each in json.loads(report)["install"]]
    return sorted(f"{each['name'].lower()}=={each['version'].partition('+')[0]}" for each in found)


def _write(name: str, what: str, lines: list[str]) -> None:
    head = [f"# {what[0].upper()}{what[1:]}. Made by `make lock`; Python 3.11, Linux."]
    (_ROOT / "requirements" / name).write_text("\n".join([*head, *lines, ""]), "utf-8")
    print(f"requirements/{name}: {len(lines)} packages")


if __name__ == "__main__":
    main()
