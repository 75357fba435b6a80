import pickle
import zipfile
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest

from registry.safety import check_safe, unsafe_reason
from summit_inference.errors import ArtifactError

HEADER = b'{"w": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}'
SAFETENSORS = len(HEADER).to_bytes(8, "little") + HEADER + b"\0\0\0\0"


def zipped() -> bytes:
    file = BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("data.pkl", b"")
    return file.getvalue()


def array() -> bytes:
    file = BytesIO()
    np.save(file, np.zeros(2))
    return file.getvalue()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("model.safetensors", SAFETENSORS),
        ("config.json", b'{"model_type": "bert"}'),
        ("labels.json", b'["O"]'),
        ("vocab.txt", "[PAD]\nä\n".encode()),
        ("README.md", b""),
        ("conda.yaml", b"name: x\n"),
        ("MLmodel", b"flavors: {}\n"),
        ("LICENSE", b"Apache\n"),
        ("spiece.model", b"\x0a\x0e\x0a\x05<unk>"),
    ],
)
def test_what_a_model_needs_may_be_served(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    check_safe(tmp_path)


@pytest.mark.parametrize(
    "name",
    [
        *("pytorch_model.bin", "model.pt", "model.pth", "model.ckpt", "model.pkl", "model.pickle", "model.joblib"),
        *("tf_model.h5", "weights.npy", "weights.npz", "modeling.py", "model.so", "archive.zip", "noname", "json"),
    ],
)
def test_other_kinds_are_refused_whatever_they_hold(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"{}")
    with pytest.raises(ArtifactError, match=f"^{name} in .*no kind that is served"):
        check_safe(tmp_path)


@pytest.mark.parametrize("name", ["model.safetensors", "config.json", "vocab.txt", "conda.yaml", "MLmodel", "a.model"])
@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_a_pickle_is_refused_under_any_name(tmp_path: Path, name: str, protocol: int) -> None:
    (tmp_path / name).write_bytes(pickle.dumps({"a": 1}, protocol))
    assert unsafe_reason(tmp_path / name) == "is a pickle"


@pytest.mark.parametrize("name", ["model.safetensors", "config.json", "a.model"])
@pytest.mark.parametrize("protocol", [0, 1])
def test_an_old_pickle_is_refused_where_a_loader_expects_something_else(
    tmp_path: Path, name: str, protocol: int
) -> None:
    (tmp_path / name).write_bytes(pickle.dumps({"a": 1}, protocol))
    assert "whatever its name says" in str(unsafe_reason(tmp_path / name))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        pytest.param(zipped(), "zip archive", id="a zip archive, as torch.save writes"),
        pytest.param(array(), "numpy array", id="a numpy array"),
        pytest.param(b"\x89HDF\r\n\x1a\n", "HDF5", id="an HDF5 file"),
        pytest.param(b"\x1f\x8b\x08\x00", "gzip", id="a gzip archive"),
        pytest.param(b"\x7fELF\x02\x01", "program", id="a program"),
    ],
)
@pytest.mark.parametrize("name", ["model.safetensors", "config.json", "vocab.txt"])
def test_containers_are_refused_under_any_name(tmp_path: Path, name: str, content: bytes, reason: str) -> None:
    (tmp_path / name).write_bytes(content)
    assert reason in str(unsafe_reason(tmp_path / name))


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"\0" * 8, id="a header of no length"),
        pytest.param((2**40).to_bytes(8, "little") + b"{}", id="a header longer than the format allows"),
        pytest.param((100).to_bytes(8, "little") + b"{}", id="a header longer than the file"),
        pytest.param((2).to_bytes(8, "little") + b"[]", id="a header that is no object"),
    ],
)
def test_safetensors_must_have_their_header(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "model.safetensors").write_bytes(content)
    assert "no safetensors file" in str(unsafe_reason(tmp_path / "model.safetensors"))


@pytest.mark.parametrize("content", [b"", b"{", b"1", b'{"a": 1} trailing', b"\xff\xfe{}", b"[" * 100_000])
def test_json_must_be_a_document(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "config.json").write_bytes(content)
    assert "no JSON document" in str(unsafe_reason(tmp_path / "config.json"))


@pytest.mark.parametrize("content", [b"a\0b", b"\xff\xfe"])
def test_text_must_be_text(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "vocab.txt").write_bytes(content)
    assert "no text" in str(unsafe_reason(tmp_path / "vocab.txt"))


def test_the_case_of_a_name_makes_no_difference(tmp_path: Path) -> None:
    (tmp_path / "CONFIG.JSON").write_bytes(pickle.dumps(1))
    assert unsafe_reason(tmp_path / "CONFIG.JSON") == "is a pickle"
