"""`python -m gateway` as a process: how it starts, and how it ends."""

import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from servers.processes import answers, free_ports, running


@dataclass(frozen=True)
class Started:
    """A gateway that listens, with nobody behind it."""

    process: subprocess.Popen[bytes]
    url: str
    metrics_url: str
    log: Path

    def extract(self) -> httpx.Response:
        return httpx.post(f"{self.url}/extract", json={"text": "Angela Merkel was in Berlin."}, timeout=20)

    def events(self) -> list[str]:
        return [json.loads(line)["event"] for line in self.log.read_text().splitlines()]


@pytest.fixture
def started(tmp_path: Path) -> Iterator[Started]:
    http, grpc, metrics = free_ports(3)
    log = tmp_path / "gateway.log"
    environment = {
        "GATEWAY_UPSTREAM_URL": f"http://127.0.0.1:{free_ports(1)[0]}",
        "GATEWAY_LISTEN_PORT": str(http),
        "GATEWAY_GRPC_PORT": str(grpc),
        "GATEWAY_METRICS_PORT": str(metrics),
        "GATEWAY_DRAIN_SECONDS": "1",
    }
    with running(
        [sys.executable, "-P", "-m", "gateway"],
        log=log,
        is_ready=lambda: answers(http) and answers(grpc) and answers(metrics),
        environment=environment,
    ) as process:
        yield Started(process, f"http://127.0.0.1:{http}", f"http://127.0.0.1:{metrics}/metrics", log)


def test_it_answers_by_the_real_rules_while_no_model_is_there(started: Started) -> None:
    answer = started.extract().json()
    assert answer["degraded_reason"] == "cold"
    assert {"Angela Merkel", "Berlin"} <= set(answer["entities"])
    assert (
        'ai_requests_total{model_version="",outcome="degraded",traffic="live"} 1.0'
        in httpx.get(started.metrics_url).text
    )


def test_its_log_is_json_and_never_has_a_callers_text(started: Started) -> None:
    started.extract()
    assert {"listening", "model not ready"} <= set(started.events())
    assert "Merkel" not in started.log.read_text()


def test_a_stop_loses_nobody(started: Started) -> None:
    """Readiness turns false first; requests that come meanwhile are answered; then the process ends by itself."""
    statuses: list[int] = []

    def keep_asking() -> None:
        end = time.monotonic() + 0.7
        while time.monotonic() < end:
            statuses.append(started.extract().status_code)

    started.extract()
    started.process.send_signal(signal.SIGTERM)
    asking = [threading.Thread(target=keep_asking) for _ in range(4)]
    for one in asking:
        one.start()
    time.sleep(0.2)
    assert httpx.get(f"{started.url}/ready").status_code == 503
    assert httpx.get(f"{started.url}/health").status_code == 200
    for one in asking:
        one.join()
    assert started.process.wait(10) == 0
    assert statuses
    assert set(statuses) == {200}
    assert started.events()[-1] == "draining"


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        pytest.param({"GATEWAY_LISTEN_HOST": "0.0.0.0"}, "AI_GATEWAY_TOKEN", id="an open door"),
        pytest.param({"AI_GATEWAY_TOKEN": "short"}, "16 characters", id="a token that can be guessed"),
        pytest.param({"GATEWAY_LISTEN_PROT": "1"}, "GATEWAY_LISTEN_PORT", id="a typo"),
        pytest.param({"GATEWAY_MAX_TEXTS": "0"}, "GATEWAY_MAX_TEXTS", id="a value out of range"),
    ],
)
def test_a_wrong_setting_ends_the_start_with_one_line(
    environment: dict[str, str], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    done = subprocess.run([sys.executable, "-P", "-m", "gateway"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert "short" not in done.stderr


def test_a_port_that_is_taken_ends_the_start_with_one_line(started: Started, monkeypatch: pytest.MonkeyPatch) -> None:
    http, grpc, metrics = free_ports(3)
    for name, port in {"LISTEN": http, "GRPC": grpc, "METRICS": metrics}.items():
        monkeypatch.setenv(f"GATEWAY_{name}_PORT", str(port))
    monkeypatch.setenv("GATEWAY_LISTEN_PORT", started.url.rpartition(":")[2])
    done = subprocess.run([sys.executable, "-P", "-m", "gateway"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "cannot be opened" in done.stderr.splitlines()[-1]
