import json
from pathlib import Path

import pytest

from cli.__main__ import main


@pytest.fixture(autouse=True)
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("SUMMIT_HOME", str(tmp_path))
    monkeypatch.delenv("REDIS_URL", raising=False)
    return tmp_path


def _set(capsys: pytest.CaptureFixture[str]) -> dict[str, str]:
    assert main(["flags", "get", "--json"]) == 0
    entries: dict[str, str] = json.loads(capsys.readouterr().out)
    return entries


def test_a_flag_is_set_and_cleared_where_the_gateway_reads_it(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _set(capsys) == {}
    assert main(["flags", "set", "throttle", "50"]) == 0
    assert json.loads((home / "flags.json").read_text()) == {"throttle": "50"}
    assert _set(capsys) == {"throttle": "50"}
    assert main(["flags", "clear", "throttle"]) == 0
    assert _set(capsys) == {}


@pytest.mark.parametrize(("name", "value"), [("thortle", "50"), ("throttle", "fast"), ("fallback_only", "yes")])
def test_what_is_no_flag_is_refused_with_a_sentence(name: str, value: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["flags", "set", name, value]) == 2
    assert capsys.readouterr().err.startswith("error: ")
