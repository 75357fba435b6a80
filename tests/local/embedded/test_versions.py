"""A model version by its name: from the disk, or else from the registry."""

from pathlib import Path

import pytest
from servers.stages import save_tiny_model

from embedded.versions import open_version
from registry.digests import file_digests, whole_digest
from registry.reference import FILE_NAME, ModelReference
from summit_inference.errors import ArtifactError, UpstreamUnreachable

NAME = "summit-extract"


@pytest.fixture
def models(tmp_path: Path) -> Path:
    """Versions 3, and one that lies where 4 should."""
    for version in ("3", "4"):
        directory = tmp_path / NAME / version
        directory.mkdir(parents=True)
        save_tiny_model(directory)
        files = file_digests(directory)
        (directory / FILE_NAME).write_text(ModelReference(NAME, "3", None, whole_digest(files), files).to_json())
    return tmp_path


def test_a_version_that_is_there_is_opened(models: Path) -> None:
    with open_version(models, NAME, "3", cores=1) as extractor:
        assert extractor.lineage.version == "3"
        assert extractor.extract([""]) == [[]]


def test_another_version_in_its_place_is_refused(models: Path) -> None:
    with pytest.raises(ArtifactError, match="version"):
        open_version(models, NAME, "4")


def test_a_version_that_is_missing_is_asked_of_the_registry(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:1")
    with pytest.raises(UpstreamUnreachable):
        open_version(models, NAME, "5")
