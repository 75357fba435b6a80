"""A version's files, small and whole."""

import pickle
from collections.abc import Callable
from pathlib import Path

import pytest

from registry.digests import file_digests, whole_digest
from registry.reference import FILE_NAME, ModelReference

RUN_ID = "0123456789abcdef0123456789abcdef"
HEADER = b'{"w": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}'
SAFETENSORS = len(HEADER).to_bytes(8, "little") + HEADER + b"\0\0\0\0"


@pytest.fixture
def logged(tmp_path: Path) -> Path:
    """A directory as `mlflow.transformers` lays it out."""
    directory = tmp_path / "logged"
    contents = {
        "MLmodel": f"flavors:\n  transformers:\n    task: token-classification\nrun_id: {RUN_ID}\n".encode(),
        "model/config.json": b"{}",
        "model/model.safetensors": SAFETENSORS,
        "components/tokenizer/tokenizer.json": b"{}",
        "requirements.txt": b"transformers\n",
    }
    for path, content in contents.items():
        (directory / path).parent.mkdir(parents=True, exist_ok=True)
        (directory / path).write_bytes(content)
    return directory


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    """A directory as `save_pretrained` lays it out."""
    directory = tmp_path / "plain"
    directory.mkdir()
    (directory / "config.json").write_bytes(b"{}")
    (directory / "model.safetensors").write_bytes(SAFETENSORS)
    (directory / "tokenizer.json").write_bytes(b"{}")
    return directory


@pytest.fixture
def reference(logged: Path) -> ModelReference:
    """What was published of the directory `logged`."""
    files = file_digests(logged)
    return ModelReference(
        name="summit-extract",
        version="3",
        run_id=RUN_ID,
        digest=whole_digest(files),
        files=files,
        source=str(logged),
        tags={"semver": "v2.1.0"},
    )


@pytest.fixture
def downloaded(logged: Path, reference: ModelReference) -> Path:
    """The directory `logged` with its reference, as `download` leaves it."""
    (logged / FILE_NAME).write_text(reference.to_json())
    return logged


@pytest.fixture
def a_pickle() -> Callable[[int], bytes]:
    """The pickle of a list, in a protocol."""
    return lambda protocol: pickle.dumps(["harmless"], protocol)
