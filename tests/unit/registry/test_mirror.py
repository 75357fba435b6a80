from pathlib import Path

import pytest

from registry.artifact import open_artifact
from registry.download import download
from registry.mirror import mirrored
from registry.reference import FILE_NAME, ModelReference
from registry.store import Connection
from summit_inference.errors import ArtifactError

NO_REGISTRY = Connection("")


@pytest.fixture
def mirror(reference: ModelReference, tmp_path: Path) -> Path:
    root = tmp_path / "mirror"
    download(reference, root / "summit-extract" / "3", Connection("sqlite:///mlflow.db"))
    return root


def test_what_was_downloaded_serves_as_a_mirror(mirror: Path, tmp_path: Path) -> None:
    reference = mirrored(str(mirror), "summit-extract", "3", NO_REGISTRY)
    assert reference.source == f"{mirror}/summit-extract/3"
    assert open_artifact(download(reference, tmp_path / "3", Connection("sqlite:///x"))).version == "3"


def test_a_version_that_is_not_there_is_missing(mirror: Path) -> None:
    with pytest.raises(ArtifactError, match=f"{FILE_NAME} is missing"):
        mirrored(str(mirror), "summit-extract", "4", NO_REGISTRY)


def test_a_version_in_another_ones_place_is_refused(mirror: Path) -> None:
    (mirror / "summit-extract" / "3").rename(mirror / "summit-extract" / "4")
    with pytest.raises(ArtifactError, match="holds summit-extract 3 in the place of summit-extract 4"):
        mirrored(str(mirror), "summit-extract", "4", NO_REGISTRY)


def test_a_reference_without_end_is_not_read_to_its_end(mirror: Path) -> None:
    (mirror / "summit-extract" / "3" / FILE_NAME).write_bytes(b" " * (1024 * 1024 + 1))
    with pytest.raises(ArtifactError, match="too large"):
        mirrored(str(mirror), "summit-extract", "3", NO_REGISTRY)
