"""A job in at the gateway's door, its chunks through the gateway, and its status out at the same door."""

import time
from pathlib import Path
from typing import Any

import httpx
from servers.eventing import eventing_server
from servers.eventing_here import requested, rows_of
from servers.processes import free_ports
from servers.scripted_model import ScriptedModel, spans_in
from servers.stages import MODEL_VERSION, gateway

from summit_inference.cloudevent import structured_encoded

TEXTS = [f"Hello Bob {at}, this is Ada." for at in range(600)]
_PATIENCE_SECONDS = 120


def _ended(url: str, job_id: str) -> dict[str, Any]:
    end = time.monotonic() + _PATIENCE_SECONDS
    while True:
        status: dict[str, Any] = httpx.get(f"{url}/jobs/{job_id}", timeout=30).json()
        if status["state"] not in {"scanning", "running"}:
            return status
        assert time.monotonic() < end, status
        time.sleep(0.1)


def test_a_job_goes_in_and_out_at_the_gateway(model: ScriptedModel, tmp_path: Path) -> None:
    (port,) = free_ports(1)
    settings = {"EVENTS_SINK_URL": f"http://127.0.0.1:{port}", "GATEWAY_EVENTING_URL": f"http://127.0.0.1:{port}"}
    with (
        gateway(model.url, tmp_path, **settings) as door,
        eventing_server(door.url, tmp_path, port=port),
    ):
        message = structured_encoded(requested(TEXTS))
        answer = httpx.post(f"{door.url}/events", headers=list(message.headers), content=message.body, timeout=30)
        assert (answer.status_code, answer.content) == (202, b"")
        status = _ended(door.url, "job")
        assert (status["state"], status["model_version"]) == ("completed", MODEL_VERSION)
        rows = rows_of(status)
        assert [row["line"] for row in rows] == list(range(1, 601))
        assert rows[7]["spans"][0]["text"] == spans_in(TEXTS[7])[0].text
        assert httpx.get(f"{door.url}/quarantine", timeout=30).json() == {"entries": [], "next": None}
