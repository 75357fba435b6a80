"""The page of items is what a test run says, and a run that leaves an item open fails the build."""

import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

ROOT = Path(__file__).parents[3]
ITEMS = [f"{kind}{number:02}" for kind, last in (("r", 28), ("g", 21), ("b", 10)) for number in range(1, last + 1)]
SERVERS = ("reference", "predictor", "transformer", "gateway")
BITES = "test_a_broken_server_is_caught_by_the_tests_of_the_item"
WHOLE = [f"test_{item}_holds[{server}-a case]" for item in ITEMS for server in SERVERS] + [
    f"{BITES}[{item}: it is wrong]" for item in ITEMS
]


def conformance(
    folder: Path, names: Sequence[str], *options: str, outcomes: Mapping[str, str] | None = None
) -> tuple[int, str]:
    """Exit status and complaints of the script after a run with tests of these names."""
    suite = ET.Element("testsuite")
    for name in names:
        case = ET.SubElement(suite, "testcase", name=name, time="0.1")
        if outcome := (outcomes or {}).get(name):
            ET.SubElement(case, outcome, message="")
    ET.ElementTree(suite).write(folder / "junit.xml")
    command = ["scripts/conformance.py", str(folder / "junit.xml"), "--page", str(folder / "page.md"), *options]
    done = subprocess.run([sys.executable, "-P", *command], cwd=ROOT, capture_output=True, text=True, check=False)
    return done.returncode, done.stderr


def test_a_whole_run_makes_the_page_and_agrees_with_it(tmp_path: Path) -> None:
    assert conformance(tmp_path, WHOLE) == (0, "")
    rows = [line for line in (tmp_path / "page.md").read_text().splitlines() if line.startswith(("| R", "| G", "| B"))]
    assert len(rows) == 59
    assert "| R1 | holds | pass | pass | pass | it is wrong |" in rows
    assert conformance(tmp_path, WHOLE[::-1], "--check") == (0, "")


@pytest.mark.parametrize("outcome", ["failure", "error", "skipped"])
def test_an_item_that_did_not_pass_at_one_server_is_a_fault(tmp_path: Path, outcome: str) -> None:
    outcomes = {"test_g21_holds[gateway-a case]": outcome}
    assert conformance(tmp_path, WHOLE, outcomes=outcomes) == (1, "g21 at the gateway: FAIL\n")
    assert "| G21 | holds | pass | pass | FAIL | it is wrong |" in (tmp_path / "page.md").read_text()


@pytest.mark.parametrize(
    ("left_out", "said"),
    [
        ("test_b07_holds[predictor-a case]", "b07 at the predictor: missing\n"),
        (f"{BITES}[b07: it is wrong]", "b07: no broken server shows that its tests can fail\n"),
    ],
)
def test_what_was_not_run_is_a_fault(tmp_path: Path, left_out: str, said: str) -> None:
    assert conformance(tmp_path, [name for name in WHOLE if name != left_out]) == (1, said)


def test_a_broken_server_that_nobody_notices_is_a_fault(tmp_path: Path) -> None:
    outcomes = {f"{BITES}[r09: it is wrong]": "failure"}
    assert conformance(tmp_path, WHOLE, outcomes=outcomes) == (1, "r09: its tests do not notice that it is wrong\n")


def test_a_page_that_says_something_else_is_stale(tmp_path: Path) -> None:
    (tmp_path / "page.md").write_text("All is well.\n")
    status, said = conformance(tmp_path, WHOLE, "--check")
    assert status == 1
    assert "scripts/conformance.py" in said
    assert (tmp_path / "page.md").read_text() == "All is well.\n"


def test_the_page_in_the_documents_has_every_item_passed_everywhere() -> None:
    page = (ROOT / "docs" / "reference" / "conformance.md").read_text()
    rows = [line for line in page.splitlines() if line.startswith(("| R", "| G", "| B"))]
    assert [row.split(" | ")[0] for row in rows] == [f"| {item[0].upper()}{int(item[1:])}" for item in ITEMS]
    assert all(row.split(" | ")[2:5] == ["pass"] * 3 for row in rows)
