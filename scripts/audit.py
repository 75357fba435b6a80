"""What an environment is made of, and whether advisories speak of it: `audit.py PYTHON [--sbom FILE]`.

PYTHON is an environment's interpreter: `.venv/bin/python`, or that of an image that is mounted. Needs the tools in the
environment that runs this: `pip install cyclonedx-bom pip-audit`.

The verdict is the last line of standard output, as JSON, and the exit status:
    0  clean        an advisory source answered for every package, and knows nothing against any
    1  vulnerable   it knows something
    2  not audited  no source answered, or packages were skipped: nobody knows, and that is never called clean
"""

import argparse
import json
import shutil
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

_STATUS = {"clean": 0, "vulnerable": 1, "not audited": 2}
_OURS = "summit-inference"


@dataclass(frozen=True)
class Verdict:
    """What came of an audit."""

    verdict: str
    packages: int
    """That a source spoke of."""
    findings: tuple[str, ...] = ()
    """`package version: advisory`."""
    skipped: tuple[str, ...] = ()
    """Packages that no source was asked about, with the reason."""
    reason: str = ""


def verdict(report: dict[str, Any] | None, complaint: str) -> Verdict:
    """The verdict on pip-audit's JSON report; None where it wrote none. `complaint` is its standard error."""
    if report is None or not report.get("dependencies"):
        return Verdict(
            "not audited", 0, reason=complaint.strip().splitlines()[-1] if complaint.strip() else "no report"
        )
    known = [each for each in report["dependencies"] if "skip_reason" not in each and each["name"] != _OURS]
    skipped = tuple(
        f"{each['name']}: {each['skip_reason']}"
        for each in report["dependencies"]
        if "skip_reason" in each and each["name"] != _OURS
    )
    findings = tuple(f"{each['name']} {each['version']}: {flaw['id']}" for each in known for flaw in each["vulns"])
    if findings:
        return Verdict("vulnerable", len(known), findings, skipped)
    if skipped or not known:
        return Verdict("not audited", len(known), skipped=skipped, reason="packages were skipped")
    return Verdict("clean", len(known))


def audit(python: Path, timeout_seconds: float) -> Verdict:
    """The verdict on an environment's packages, as listed by its own pip or by ours."""
    command = [_tool("pip-audit"), "--format", "json", "--progress-spinner", "off", "--path", str(_site(python))]
    try:
        done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=timeout_seconds)
    except subprocess.TimeoutExpired:
        return Verdict("not audited", 0, reason=f"no advisory source answered within {timeout_seconds:.0f} s")
    try:
        report = json.loads(done.stdout)
    except ValueError:
        report = None
    return verdict(report, done.stderr)


def write_sbom(python: Path, file: Path) -> None:
    """CycloneDX 1.6 of an environment, as JSON."""
    command = [
        _tool("cyclonedx-py"),
        "environment",
        str(python),
        "--output-reproducible",
        "--of",
        "JSON",
        "-o",
        str(file),
    ]
    subprocess.run(command, check=True, stdout=sys.stderr)


def _site(python: Path) -> Path:
    (site,) = python.parent.parent.glob("lib/python3.*/site-packages")
    return site


def _tool(name: str) -> str:
    found = shutil.which(name, path=str(Path(sys.executable).parent)) or shutil.which(name)
    if found is None:
        sys.exit(f"error: {name} is missing\nhint: pip install cyclonedx-bom pip-audit")
    return found


def main() -> int:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(
        prog="audit.py", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("python", type=Path, help="the environment's interpreter")
    parser.add_argument("--timeout-seconds", type=float, default=900.0, help="for the sources to answer")
    parser.add_argument("--sbom", type=Path, help="write a CycloneDX bill of materials there")
    options = parser.parse_args()
    if options.sbom:
        write_sbom(options.python, options.sbom)
    found = audit(options.python, options.timeout_seconds)
    print(json.dumps(asdict(found)))
    return _STATUS[found.verdict]


if __name__ == "__main__":
    sys.exit(main())
