"""A server starts with what KServe gives it, and ends with a sentence where it can't start."""

import json
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from local.failures.pod import MODEL, Asked, Pod
from servers.processes import free_ports
from servers.stages import MODEL_VERSION

from registry.digests import file_digests, whole_digest
from registry.reference import FILE_NAME, ModelReference

_SERVERS = {"predictor": "PREDICTOR", "transformers_stage": "TRANSFORMER", "gateway": "GATEWAY", "fallback": "FALLBACK"}
_BOTH_STAGES = [
    pytest.param("transformers_stage", "TRANSFORMER", id="transformer"),
    pytest.param("predictor", "PREDICTOR", id="predictor", marks=pytest.mark.long),
]
"""Both open their files and ports in the same way, and the predictor takes seconds to get there."""


def start(
    module: str, environment: Mapping[str, str], monkeypatch: pytest.MonkeyPatch, arguments: Sequence[str] = ()
) -> tuple[int, str]:
    """Exit status and standard error of a server that is expected to end by itself."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    command = [sys.executable, "-P", "-m", module, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    return done.returncode, done.stderr.splitlines()[-1]


def test_the_flags_that_kserve_appends_count_and_unknown_ones_pass_by(transformer: Asked) -> None:
    """The transformer of these tests knows its predictor by `--predictor_host` alone; its setting names nobody."""
    assert transformer.is_ready()
    assert transformer.over_rest("a").result().json()["model_name"] == MODEL


@pytest.mark.parametrize(("module", "prefix"), _SERVERS.items())
def test_a_typo_in_a_setting_is_told_with_what_was_meant(
    module: str, prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    status, said = start(module, {f"{prefix}_LISTEN_PROT": "1"}, monkeypatch)
    assert status == 2
    assert said.startswith("error: ")
    assert f"{prefix}_LISTEN_PORT" in said


@pytest.mark.parametrize(("module", "prefix"), _BOTH_STAGES)
def test_a_model_that_is_not_there_is_told(
    module: str, prefix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    missing = tmp_path / "nothing"
    environment = {f"{prefix}_MODEL_DIRECTORY": str(missing), "MODEL_VERSION": MODEL_VERSION}
    status, said = start(module, environment, monkeypatch)
    assert status == 1
    assert str(missing) in said


@pytest.mark.parametrize(("module", "prefix"), _BOTH_STAGES)
def test_a_file_that_was_changed_is_told(
    running_pod: Pod, module: str, prefix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = Path(shutil.copytree(running_pod.model, tmp_path / "model"))
    files = file_digests(directory)
    reference = ModelReference(MODEL, MODEL_VERSION, None, whole_digest(files), files)
    (directory / FILE_NAME).write_text(reference.to_json())
    config = json.loads((directory / "config.json").read_text())
    (directory / "config.json").write_text(json.dumps(config | {"hidden_act": "relu"}))
    status, said = start(module, {f"{prefix}_MODEL_DIRECTORY": str(directory)}, monkeypatch)
    assert status == 1
    assert "config.json" in said
    assert "was changed" in said


@pytest.mark.parametrize(("module", "prefix"), _BOTH_STAGES)
def test_a_port_that_is_taken_is_told(
    running_pod: Pod, module: str, prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = running_pod.transformer.http
    environment = {
        f"{prefix}_LISTEN_HOST": "127.0.0.1",
        f"{prefix}_GRPC_PORT": str(free_ports(1)[0]),
        f"{prefix}_MODEL_DIRECTORY": str(running_pod.model),
        "MODEL_VERSION": MODEL_VERSION,
    }
    status, said = start(module, environment, monkeypatch, ("--http_port", str(taken)))
    assert status == 2
    assert f"port {taken} cannot be opened" in said
