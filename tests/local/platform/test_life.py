"""What dies comes back, callers get an answer meanwhile, and what is stopped is gone."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from servers.platform import Platform, free_offset

TEXT = "Angela Merkel visited Berlin."
pytestmark = pytest.mark.timeout(600)  # the platform starts within the first test


def _until(condition: Callable[[], bool], seconds: float) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.2)


def test_while_the_predictor_is_dead_the_fallback_answers_and_then_the_model_again(platform: Platform) -> None:
    def is_degraded() -> bool:
        response = platform.extract({"text": TEXT})
        assert response.status_code == 200
        assert {"Angela Merkel", "Berlin"} <= set(response.json()["entities"])
        return bool(response.json()["degraded"])

    assert not is_degraded()
    os.kill(platform.pid("predictor"), signal.SIGKILL)
    _until(is_degraded, 5)
    answer = platform.extract({"text": TEXT}).json()
    assert answer["model"]["name"] == "summit-fallback"
    assert answer["requested_model_version"] == platform.status()["model"]["version"]
    _until(lambda: not is_degraded(), 90)


def test_the_transformer_may_die_too(platform: Platform) -> None:
    os.kill(platform.pid("transformer"), signal.SIGKILL)
    assert platform.extract({"text": TEXT}).status_code == 200
    _until(lambda: not platform.extract({"text": TEXT}).json()["degraded"], 90)


def test_a_second_up_says_that_it_runs(platform: Platform) -> None:
    again = platform.summit("up", "--detach")
    assert again.returncode == 2
    assert "summit down" in again.stderr
    assert platform.status()["ready"]


def test_a_port_in_use_is_named(platform: Platform, tmp_path: Path) -> None:
    other = Platform(tmp_path, platform.offset)
    refused = other.summit("up", "--detach")
    assert refused.returncode == 2
    assert f"{8000 + platform.offset} (gateway)" in refused.stderr
    assert "SUMMIT_PORT_OFFSET" in refused.stderr


@pytest.mark.parametrize("arguments", [["extract", "/no/such/file"], ["model", "resolve", "summit-extract@99"]])
def test_a_wrong_request_gets_a_line_and_status_2(platform: Platform, arguments: list[str]) -> None:
    done = platform.summit(*arguments)
    assert done.returncode == 2
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") <= 2


def test_a_service_that_is_not_there_is_said(tmp_path: Path) -> None:
    nobody = Platform(tmp_path, free_offset())
    file = tmp_path / "a.txt"
    file.write_text(TEXT)
    done = nobody.summit("extract", str(file))
    assert done.returncode == 1
    assert "summit up" in done.stderr


def test_ctrl_c_stops_all_and_leaves_no_process(platform: Platform) -> None:
    """Last of all: nothing runs afterwards. State, and the champion, outlive the processes."""
    before = platform.status()
    assert platform.summit("down").returncode == 0
    assert not any(_is_alive(row["pid"]) for row in before["processes"])
    command = [sys.executable, "-P", "-m", "cli", "up"]
    with subprocess.Popen(command, env=platform.environment(), stderr=subprocess.PIPE, text=True) as up:
        assert any(line.startswith("summit is up") for line in up.stderr or ())
        running = platform.status()
        assert running["ready"]
        assert running["model"] == before["model"]
        up.send_signal(signal.SIGINT)
        assert up.wait(60) == 130
    assert not any(_is_alive(row["pid"]) for row in running["processes"])
    assert platform.summit("status").returncode == 1


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
