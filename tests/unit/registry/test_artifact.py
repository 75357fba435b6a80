import re
from collections.abc import Callable
from pathlib import Path

import pytest

from registry.artifact import open_artifact
from registry.reference import FILE_NAME, ModelReference
from summit_inference.errors import ArtifactError


def test_a_downloaded_version_opens_with_its_lineage(downloaded: Path, reference: ModelReference) -> None:
    artifact = open_artifact(downloaded)
    assert (artifact.name, artifact.version, artifact.run_id) == ("summit-extract", "3", reference.run_id)
    assert artifact.tags == {"semver": "v2.1.0"}


def test_the_parts_are_found_in_the_layout_of_mlflow(downloaded: Path) -> None:
    artifact = open_artifact(downloaded)
    assert artifact.model_directory == downloaded / "model"
    assert artifact.tokenizer_directory == downloaded / "components" / "tokenizer"


def test_the_parts_are_found_at_the_top(plain: Path) -> None:
    artifact = open_artifact(plain, expected_name="summit-extract", expected_version="3")
    assert artifact.model_directory == artifact.tokenizer_directory == plain


def test_a_changed_byte_is_refused(downloaded: Path) -> None:
    weights = downloaded / "model" / "model.safetensors"
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(content)
    with pytest.raises(
        ArtifactError, match=re.escape("model/model.safetensors of summit-extract version 3 was changed")
    ):
        open_artifact(downloaded)


def test_a_missing_file_is_refused(downloaded: Path) -> None:
    (downloaded / "requirements.txt").unlink()
    with pytest.raises(ArtifactError, match=r"requirements\.txt .* is missing"):
        open_artifact(downloaded)


def test_an_added_file_is_refused_even_if_it_is_harmless(downloaded: Path) -> None:
    (downloaded / "model" / "added.json").write_text("{}")
    with pytest.raises(ArtifactError, match=r"added\.json .* was added"):
        open_artifact(downloaded)


def test_a_pickle_is_refused_before_the_reference_is_even_read(
    downloaded: Path, a_pickle: Callable[[int], bytes]
) -> None:
    (downloaded / "model" / "model.safetensors").write_bytes(a_pickle(4))
    (downloaded / FILE_NAME).write_text("{}")
    with pytest.raises(ArtifactError, match="is a pickle"):
        open_artifact(downloaded)


def test_another_model_than_expected_is_refused(downloaded: Path) -> None:
    with pytest.raises(ArtifactError, match="holds the model summit-extract, not other"):
        open_artifact(downloaded, expected_name="other")


@pytest.mark.parametrize("expected", ["3", "v2.1.0", "2.1.0"])
def test_the_expected_version_is_a_number_or_a_semver(downloaded: Path, expected: str) -> None:
    assert open_artifact(downloaded, expected_version=expected).version == "3"


@pytest.mark.parametrize("expected", ["4", "v2.1.1", "champion", ""])
def test_another_version_than_expected_is_refused(downloaded: Path, expected: str) -> None:
    with pytest.raises(ArtifactError, match="holds version 3, not"):
        open_artifact(downloaded, expected_version=expected)


def test_a_plain_mount_takes_its_lineage_from_what_is_stated_and_from_mlmodel(logged: Path) -> None:
    artifact = open_artifact(logged, expected_name="summit-extract", expected_version="7")
    assert (artifact.name, artifact.version) == ("summit-extract", "7")
    assert artifact.run_id == "0123456789abcdef0123456789abcdef"


def test_a_plain_mount_without_mlmodel_has_no_run_id(plain: Path) -> None:
    assert open_artifact(plain, expected_name="summit-extract", expected_version="7").run_id is None


def test_a_plain_mount_must_be_stated_in_full(plain: Path) -> None:
    with pytest.raises(ArtifactError, match="state its name"):
        open_artifact(plain, expected_version="7")
    with pytest.raises(ArtifactError, match="its version in MODEL_VERSION"):
        open_artifact(plain, expected_name="summit-extract")
    with pytest.raises(ArtifactError, match="MLflow's version number"):
        open_artifact(plain, expected_name="summit-extract", expected_version="v2.1.0")


@pytest.mark.parametrize(
    ("missing", "sentence"),
    [
        ("config.json", "no config.json and model.safetensors"),
        ("model.safetensors", "no config.json and model.safetensors"),
        ("tokenizer.json", "no tokenizer.json"),
    ],
)
def test_a_directory_that_cannot_be_served_says_what_it_lacks(plain: Path, missing: str, sentence: str) -> None:
    (plain / missing).unlink()
    with pytest.raises(ArtifactError, match=sentence):
        open_artifact(plain, expected_name="summit-extract", expected_version="7")
