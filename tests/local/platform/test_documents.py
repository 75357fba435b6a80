"""What README, guides and reference tell people to type works, typed as it stands there.

Names that stand for the reader's own files, and ports, are replaced; a command that changes the platform is undone.
"""

import json
import os
import re
import shlex
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from servers.platform import Platform

from cli.__main__ import _parser

pytestmark = pytest.mark.timeout(600)  # the platform starts within the first test
ROOT = Path(__file__).parents[3]
README = ROOT / "README.md"
DOCUMENTS = [README, *sorted(page for folder in ("guides", "reference") for page in (ROOT / "docs" / folder).glob("*"))]
_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
_PLACEHOLDER = re.compile(r" (?!DIR)[A-Z]{2,}\b")
_RUN = ("extract", "flags", "model list", "model resolve", "model evaluate", "status")


def blocks(document: Path, *languages: str) -> list[str]:
    """The code in a document that is in one of these languages."""
    return [match[2] for match in _BLOCK.finditer(document.read_text("utf-8")) if match[1] in languages]


def commands() -> list[Any]:
    """Every command of every document, once, without its comment."""
    found: dict[str, Any] = {}
    for document in DOCUMENTS:
        for block in blocks(document, "bash", "sh"):
            for command in statements(block):
                case = pytest.param(command, id=f"{document.stem}: {' '.join(command.split())}")
                found.setdefault(command, case)
    return list(found.values())


def statements(block: str) -> Iterator[str]:
    """The commands of a block: a quote may go on over several lines."""
    pending = ""
    for line in block.replace("\\\n", " ").splitlines():
        pending += re.sub(r"\s+# .*", "", line)
        try:
            words = shlex.split(pending)
        except ValueError:  # a quote is open
            continue
        if words:
            yield pending
        pending = ""


@dataclass(frozen=True)
class Desk:
    """Where a reader sits who has the platform running."""

    platform: Platform
    folder: Path
    """With the files that the documents speak of."""
    status: dict[str, Any]

    @property
    def processes(self) -> list[dict[str, Any]]:
        return list(self.status["processes"])

    @property
    def model_version(self) -> str:
        return str(self.status["model"]["version"])

    @property
    def mlflow(self) -> str:
        return self._url("mlflow")

    def typed(self, command: str) -> subprocess.CompletedProcess[str]:
        """What comes of the command, in this folder, with this environment's programs first."""
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.defpath}"
        addresses = {"AI_SERVICE_URL": self.platform.gateway, "MLFLOW_TRACKING_URI": self.mlflow}
        return subprocess.run(
            ["/bin/bash", "-c", self.here(command)],
            cwd=self.folder,
            env={**self.platform.environment(), **addresses, "PATH": path, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    def here(self, code: str) -> str:
        """The code with the addresses, the version and the folders of this platform."""
        replaced = {
            "http://localhost:8000": self.platform.gateway,
            "localhost:8000": self.platform.gateway,
            "localhost:8080": self._url("transformer"),
            "http://127.0.0.1:5000": self.mlflow,
            "summit-extract/3": f"summit-extract/{self.model_version}",
            "/mnt/models": "models",
            "timeout_seconds=0.3": "timeout_seconds=60",  # this machine may have other things to do
            "x-request-timeout-ms: 300": "x-request-timeout-ms: 60000",
        }
        for shown, real in replaced.items():
            code = code.replace(shown, real)
        return code

    def _url(self, name: str) -> str:
        """Of the process of this name, whichever version it serves."""
        return next(str(row["url"]) for row in self.processes if row["name"].split("-")[0] == name)


@pytest.fixture(scope="module")
def desk(platform: Platform, tmp_path_factory: pytest.TempPathFactory) -> Desk:
    folder = tmp_path_factory.mktemp("desk")
    (folder / "report.txt").write_text("Angela Merkel met Tim Cook in Berlin.\n")
    (folder / "texts.jsonl").write_text('{"id": "a", "text": "They met in Paris."}\n')
    (folder / "DIR").mkdir()
    sentence = {"tokens": ["Angela", "Merkel", "slept", "."], "tags": ["B-PER", "I-PER", "O", "O"]}
    (folder / "DIR" / "a_test.jsonl").write_text(json.dumps(sentence) + "\n")
    return Desk(platform, folder, platform.status())


def make(command: str, _desk: Desk) -> None:
    """What runs these tests has run them."""
    assert f"\n{command.split()[1]}:" in (ROOT / "Makefile").read_text("utf-8")


def pkill(command: str, desk: Desk) -> None:
    """Nothing is killed here, but the pattern is that of one process of the platform; `test_life.py` kills it."""
    pattern = shlex.split(command)[-1].encode()
    lines = {row["name"]: Path(f"/proc/{row['pid']}/cmdline").read_bytes() for row in desk.processes}
    found = [name.split("-")[0] for name, line in lines.items() if re.search(pattern, line.replace(b"\0", b" "))]
    assert found == ["predictor"]


def shell(command: str, desk: Desk) -> None:
    """Run as it stands."""
    done = desk.typed(command)
    assert done.returncode == 0, done.stderr


def summit(command: str, desk: Desk) -> None:
    """Run as it stands, if it neither changes what is served nor names what only the reader knows.

    All others are understood.
    """
    for part in re.split(r"\s*(?:;|&&|\||&)\s*", command):
        words = shlex.split(part)[1:]
        if " ".join(words).startswith(_RUN) and not _PLACEHOLDER.search(part):
            shell(part, desk)
        elif words:
            assert is_understood(words)
        if words[:2] == ["flags", "set"]:
            desk.platform.summit("flags", "clear", words[2])


def is_understood(words: list[str]) -> bool:
    """Whether the command line knows these verbs and flags."""
    try:
        _parser().parse_args(words)
    except SystemExit:
        return False
    return True


def python(command: str, desk: Desk) -> None:
    """Our modules are run as it stands; our scripts, which build and push images, are there."""
    runner = shell if command.split()[1] == "-m" else other
    runner(command, desk)


def other(command: str, _desk: Desk) -> None:
    """A cluster's: what of this project it names exists, and its quotes are closed."""
    words = shlex.split(command)
    paths = [word for word in words if word.split("/")[0] in {path.name for path in ROOT.iterdir()}]
    assert [path for path in paths if not (ROOT / path).exists()] == []


_RUNNERS: dict[str, Callable[[str, Desk], None]] = {
    "make": make,
    "pkill": pkill,
    "curl": shell,
    "summit": summit,
    "python": python,
}


@pytest.mark.parametrize("command", commands())
def test_a_command_does_what_the_document_says(desk: Desk, command: str) -> None:
    _RUNNERS.get(command.split(maxsplit=1)[0], other)(command, desk)


def test_the_answer_in_the_readme_is_the_answer(desk: Desk) -> None:
    curl = next(block for block in blocks(README, "bash") if block.startswith("curl"))
    shown = next(block for block in blocks(README, "json") if block.startswith('{"entities"'))
    answer = json.loads(desk.typed(curl).stdout)
    assert {*re.findall(r'"(\w+)":', shown)} <= {*answer, *answer["spans"][0], *answer["model"]}
    assert f'"entities": {json.dumps(answer["entities"])}' in shown
    assert answer["degraded"] is False


@pytest.mark.parametrize(
    "document", [document for document in DOCUMENTS if blocks(document, "python")], ids=lambda path: path.stem
)
def test_python_in_a_document_runs(desk: Desk, document: Path) -> None:
    for number, block in enumerate(blocks(document, "python")):
        (desk.folder / f"block{number}.py").write_text(awaited(desk.here(block)))
        shell(f"python block{number}.py", desk)


def awaited(code: str) -> str:
    """The program, in an event loop where it waits outside of a function."""
    if not re.search(r"^(async with|await) ", code, re.MULTILINE):
        return code
    return f"import asyncio\n\nasync def main():\n{textwrap.indent(code, '    ')}\nasyncio.run(main())\n"
