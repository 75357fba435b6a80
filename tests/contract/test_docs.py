"""Documents keep up with the code, and README's paths and commands exist."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from summit_inference.events import EventData

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


def test_what_is_made_from_the_code_is_up_to_date() -> None:
    done = subprocess.run(
        [sys.executable, "-P", "scripts/reference.py", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(document: Path) -> None:
    targets = re.findall(r"\]\((?!https?:|#)([^)#]+)", document.read_text("utf-8"))
    assert [target for target in targets if not (document.parent / target).exists()] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_make_targets_that_are_named_exist(document: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    assert set(re.findall(r"`make ([a-z-]+)", document.read_text("utf-8"))) <= targets


def test_the_settings_of_every_component_are_in_the_reference() -> None:
    page = (ROOT / "docs" / "reference" / "settings.md").read_text("utf-8")
    sources = [path.read_text("utf-8") for path in ROOT.glob("[a-z]*/*settings.py")]
    components = {name for source in sources for name in re.findall(r"^class (\w+)Settings\(", source, re.MULTILINE)}
    shared = {"", "Tracing"}  # of which the others are made
    assert {name for name in components - shared if f"\n## {name}\n" not in page} == set()


@pytest.mark.parametrize("event", EventData.__subclasses__(), ids=lambda event: event.event_type)
def test_every_type_of_event_is_told_of(event: type[EventData]) -> None:
    assert any(event.event_type in document.read_text("utf-8") for document in DOCUMENTS)


def test_every_folder_of_the_project_is_in_the_readme() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    folders = [path.parent.name for path in ROOT.glob("*/__init__.py")]
    assert [folder for folder in folders if f"`{folder}/`" not in readme] == []


def test_every_decision_has_a_date_and_says_how_to_undo_it() -> None:
    for decision in (ROOT / "docs" / "decisions").glob("*.md"):
        text = decision.read_text("utf-8")
        assert re.search(r"^\d{4}-\d\d-\d\d · (accepted|superseded)", text, re.MULTILINE), decision.name
        assert "**Undo.**" in text, decision.name
        assert len(text.splitlines()) <= 60, decision.name
