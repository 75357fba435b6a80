"""What an environment, an image or a lock is made of, and whether advisories speak of it: `audit.py SUBJECT…`.

A SUBJECT is an environment's interpreter (`.venv/bin/python`), a lock (`requirements/platform.txt`), or a folder that
is called after an image and has its files (`ln -s "$(buildah mount CONTAINER)" gateway`). `--sboms FOLDER` writes a
bill of materials of each there, as CycloneDX. Needs its tools beside it: `pip install cyclonedx-bom pip-audit`.

The verdict on each is a line of standard output, as JSON, and the worst one the exit status:
    0  clean        an advisory source answered for every package, and knows nothing against any
    1  vulnerable   it knows something
    2  not audited  no source answered, or packages were skipped: nobody knows, and that is never called clean
Of several, 1 comes before 2.
"""

import argparse
import json
import shutil
import subprocess
import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
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
    skipped: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Packages of which no source spoke, by the reason."""
    reason: str = ""


def verdict(report: dict[str, Any] | None, complaint: str) -> Verdict:
    """The verdict on pip-audit's JSON report; None where it wrote none. `complaint` is its standard error."""
    if report is None or not report.get("dependencies"):
        return Verdict(
            "not audited", 0, reason=complaint.strip().splitlines()[-1] if complaint.strip() else "no report"
        )
    known = [each for each in report["dependencies"] if "skip_reason" not in each and each["name"] != _OURS]
    skipped = defaultdict(list)
    for each in report["dependencies"]:
        if "skip_reason" in each and each["name"] != _OURS:
            skipped[each["skip_reason"].partition(":")[0]].append(each["name"])
    findings = tuple(f"{each['name']} {each['version']}: {flaw['id']}" for each in known for flaw in each["vulns"])
    if findings:
        return Verdict("vulnerable", len(known), findings, dict(skipped))
    if skipped or not known:
        return Verdict("not audited", len(known), skipped=dict(skipped), reason="packages were skipped")
    return Verdict("clean", len(known))


def audit(subject: Path, timeout_seconds: float) -> Verdict:
    """The verdict on a subject's packages."""
    what = ["--no-deps", "--disable-pip", "-r", str(subject)] if _is_lock(subject) else ["--path", str(_site(subject))]
    command = [_tool("pip-audit"), "--format", "json", "--progress-spinner", "off", *what]
    try:
        done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=timeout_seconds)
    except subprocess.TimeoutExpired:
        return Verdict("not audited", 0, reason=f"no advisory source answered within {timeout_seconds:.0f} s")
    try:
        report = json.loads(done.stdout)
    except ValueError:
        report = None
    return verdict(report, done.stderr)


def write_sbom(subject: Path, file: Path) -> None:
    """CycloneDX 1.6 of a subject, as JSON."""
    what = ["requirements", str(subject)] if _is_lock(subject) else ["environment", str(_python(subject))]
    command = [_tool("cyclonedx-py"), *what, "--output-reproducible", "--of", "JSON", "-o", str(file)]
    subprocess.run(command, check=True, stdout=sys.stderr)


def name_of(subject: Path) -> str:
    """What its bill of materials is called."""
    return subject.stem if _is_lock(subject) else subject.name if subject.is_dir() else "environment"


def _is_lock(subject: Path) -> bool:
    return subject.suffix == ".txt"


def _python(subject: Path) -> Path:
    return subject / "opt" / "summit" / "bin" / "python" if subject.is_dir() else subject


def _site(subject: Path) -> Path:
    (site,) = _python(subject).parent.parent.glob("lib/python3.*/site-packages")
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
    parser.add_argument("subjects", metavar="SUBJECT", type=Path, nargs="+")
    parser.add_argument("--timeout-seconds", type=float, default=900.0, help="for the sources to answer")
    parser.add_argument("--sboms", metavar="FOLDER", type=Path, help="write a bill of materials of each there")
    options = parser.parse_args()
    statuses = set()
    for subject in options.subjects:
        if options.sboms:
            options.sboms.mkdir(parents=True, exist_ok=True)
            write_sbom(subject, options.sboms / f"{name_of(subject)}.cdx.json")
        found = audit(subject, options.timeout_seconds)
        print(json.dumps({"subject": name_of(subject), **asdict(found)}))
        statuses.add(_STATUS[found.verdict])
    return next(status for status in (1, 2, 0) if status in statuses)


if __name__ == "__main__":
    sys.exit(main())
