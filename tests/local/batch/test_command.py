"""`summit job` and `summit quarantine`, as a user types them, over a consumer that runs."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from servers.eventing import EventingServer, eventing_server
from servers.scripted_model import POISON, ScriptedModel

from cli.__main__ import main

Summit = Callable[..., tuple[int, list[str]]]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def consumer(one_model: ScriptedModel, home: Path) -> Iterator[EventingServer]:
    settings = {
        "EVENTING_READABLE_URIS": (home / "jobs" / "in").as_uri(),
        "EVENTING_BACKOFF_SECONDS": "0.02",
        "EVENTING_MAX_BACKOFF_SECONDS": "0.1",
        "EVENTING_MAX_TRIES": "2",
    }
    with eventing_server(one_model.url, home, port=None, **settings) as server:
        yield server


@pytest.fixture
def summit(
    consumer: EventingServer,
    home: Path,
    model: ScriptedModel,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Summit:
    """Runs a command against the consumer; its status, and its lines of data."""
    assert not model.is_down
    monkeypatch.setenv("SUMMIT_HOME", str(home))
    monkeypatch.setenv("AI_SERVICE_URL", consumer.url)
    monkeypatch.delenv("AI_GATEWAY_TOKEN", raising=False)

    def run(*arguments: str) -> tuple[int, list[str]]:
        capsys.readouterr()
        status = main(arguments)
        return status, capsys.readouterr().out.splitlines()

    return run


def rows(manifest_uri: str) -> list[dict[str, object]]:
    manifest = json.loads(Path(manifest_uri.removeprefix("file://")).read_text())
    objects = [Path(each["uri"].removeprefix("file://")) for each in manifest["objects"]]
    return [json.loads(line) for each in objects for line in each.read_text().splitlines()]


@pytest.mark.parametrize("count", [3, 9_000], ids=["inline", "by reference"])
def test_a_file_is_submitted_watched_and_done(summit: Summit, tmp_path: Path, count: int) -> None:
    path = tmp_path / "texts.jsonl"
    path.write_text("".join(f'{{"id": "d{n}", "text": "Bob {n}"}}\n' for n in range(count)))
    status, (manifest,) = summit("job", "submit", str(path), "--watch")
    assert status == 0
    assert [row["id"] for row in rows(manifest)] == [f"d{n}" for n in range(count)]


def test_a_job_is_followed_by_its_id(summit: Summit, tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("Hello Bob")
    _, (job_id,) = summit("job", "submit", str(path), "--model-version", "3")
    _, (told,) = summit("job", "status", job_id, "--watch", "--json")
    assert json.loads(told)["state"] == "completed"
    status, listed = summit("job", "list")
    assert status == 0
    assert any(line.startswith(job_id) and "completed" in line for line in listed)


def test_a_job_is_cancelled_and_retried(summit: Summit, model: ScriptedModel, tmp_path: Path) -> None:
    model.is_down = True
    path = tmp_path / "a.txt"
    path.write_text("Hello Bob")
    _, (job_id,) = summit("job", "submit", str(path), "--model-version", "3")
    assert json.loads(summit("job", "cancel", job_id, "--json")[1][0])["state"] == "cancelled"
    assert summit("job", "status", job_id)[0] == 1
    model.is_down = False
    assert summit("job", "retry", job_id)[0] == 0
    assert summit("job", "status", job_id, "--watch")[0] == 0


def test_a_job_that_failed_says_so_by_its_status(summit: Summit, tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("Hello Bob")
    assert summit("job", "submit", str(path), "--model-version", "99", "--watch")[0] == 1


def test_a_job_that_is_not_there_is_a_wrong_request(summit: Summit) -> None:
    assert summit("job", "status", "none")[0] == 2


def test_a_quarantined_document_is_listed_shown_replayed_and_dropped(
    summit: Summit, model: ScriptedModel, tmp_path: Path
) -> None:
    path = tmp_path / "two.jsonl"
    path.write_text(f'{{"text": "{POISON} one"}}\n{{"text": "{POISON} two"}}\n')
    assert summit("job", "submit", str(path), "--watch")[0] == 0
    status, listed = summit("quarantine", "list")
    assert status == 0
    first, second = (line.split()[0] for line in listed)
    _, shown = summit("quarantine", "show", first)
    assert POISON in json.loads("\n".join(shown))["text"]
    model.heal()
    assert summit("quarantine", "replay", first)[0] == 0
    assert summit("quarantine", "drop", second)[0] == 0
    assert {json.loads(line)["state"] for line in summit("quarantine", "list", "--json")[1]} == {"replayed", "dropped"}
