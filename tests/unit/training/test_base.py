from pathlib import Path

import pytest

from summit_inference.errors import ArtifactError
from training.base import installed_base, verified


def test_the_installed_base_is_the_pinned_one() -> None:
    assert (installed_base() / "tokenizer.json").is_file()


def test_other_weights_are_refused(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"other weights")
    with pytest.raises(ArtifactError, match="install the pinned one"):
        verified(tmp_path)


def test_a_directory_without_weights_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="holds no"):
        verified(tmp_path)
