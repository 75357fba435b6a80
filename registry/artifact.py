"""A model version's directory, opened: verified, and its parts found.

Serving processes call it before they load anything, at every cold start: it needs the standard library only.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from registry.digests import file_digests
from registry.reference import FILE_NAME, ModelReference
from registry.safety import check_safe
from registry.selector import is_number, written_semver
from summit_inference.errors import ArtifactError

_RUN_ID = re.compile(r"^run_id: ([0-9a-f]{32})$", re.MULTILINE | re.ASCII)
_WEIGHTS = ("model.safetensors", "model.safetensors.index.json")


@dataclass(frozen=True, slots=True)
class Artifact:
    """One verified model version on disk, and its lineage."""

    directory: Path
    model_directory: Path
    """Holds `config.json` and the weights."""
    tokenizer_directory: Path
    """Holds `tokenizer.json`."""
    name: str
    version: str
    run_id: str | None
    """None where neither a reference nor an `MLmodel` names it."""
    tags: Mapping[str, str] = field(default_factory=dict)
    """Of the version, as they were when it was downloaded; no digest covers them."""


def open_artifact(
    directory: Path, *, expected_name: str | None = None, expected_version: str | None = None
) -> Artifact:
    """The model version in `directory`, fit to be loaded.

    With a `model-reference.json` every file must have its digest, and no other may be there. Without one (a plain
    mount) only their kinds are checked, and the expected name and version (`MODEL_VERSION`) are the lineage.
    An expected version is a number, or a semver that the reference must carry.

    Raises:
        ArtifactError: a file is missing, changed, added, or of a kind that is not served; or it is another version.
    """
    check_safe(directory)
    if (directory / FILE_NAME).is_file():
        reference = _verified_reference(directory)
        _check_expected(reference, expected_name, expected_version)
        name, version, run_id, tags = reference.name, reference.version, reference.run_id, reference.tags
    else:
        name, version = _stated(expected_name, "its name"), _stated_version(expected_version)
        run_id, tags = _logged_run_id(directory / "MLmodel"), {}
    return Artifact(directory, model_in(directory), tokenizer_in(directory), name, version, run_id, tags)


def verify(directory: Path, reference: ModelReference) -> None:
    """Pass if the files of `directory` are exactly those of the reference, a `model-reference.json` at its top aside.

    Raises:
        ArtifactError: names the first file that is missing, changed or added, and what to do.
    """
    found = file_digests(directory)
    found.pop(FILE_NAME, None)
    for path in sorted(found.keys() | reference.files.keys()):
        if found.get(path) != reference.files.get(path):
            what = "is missing" if path not in found else "was changed" if path in reference.files else "was added"
            raise ArtifactError(
                f"{path} of {reference.name} version {reference.version} {what} since it was published; "
                f"remove {directory} and download the version again"
            )


def _verified_reference(directory: Path) -> ModelReference:
    reference = ModelReference.from_json((directory / FILE_NAME).read_bytes())
    verify(directory, reference)
    return reference


def _check_expected(reference: ModelReference, name: str | None, version: str | None) -> None:
    if name is not None and name != reference.name:
        raise ArtifactError(f"the directory holds the model {reference.name}, not {name}; mount the right one")
    if version is not None and version != reference.version and written_semver(version) != (reference.semver or ""):
        raise ArtifactError(
            f"the directory holds version {reference.version}, not {version}; set MODEL_VERSION to what is mounted"
        )


def _stated(value: str | None, what: str) -> str:
    if not value:
        raise ArtifactError(
            f"nothing says which model version this is; state {what}, or mount a directory with {FILE_NAME}"
        )
    return value


def _stated_version(version: str | None) -> str:
    stated = _stated(version, "its version in MODEL_VERSION")
    if not is_number(stated):
        raise ArtifactError(
            f"without {FILE_NAME} nothing tells the number of {stated}; set MODEL_VERSION to MLflow's version number"
        )
    return stated


def _logged_run_id(mlmodel: Path) -> str | None:
    """The run id in an `MLmodel` file: one line of its YAML, so that no parser is needed."""
    match = _RUN_ID.search(mlmodel.read_text()) if mlmodel.is_file() else None
    return match and match[1]


def model_in(directory: Path) -> Path:
    """Where the model lies: at the top, or in `model/`, as `mlflow.transformers` writes it.

    Raises:
        ArtifactError: at neither place.
    """
    for candidate in (directory, directory / "model"):
        if (candidate / "config.json").is_file() and any((candidate / weights).is_file() for weights in _WEIGHTS):
            return candidate
    raise ArtifactError(f"{directory} has no config.json and model.safetensors, at the top or in model/; publish them")


def tokenizer_in(directory: Path) -> Path:
    """Where the tokenizer lies: in `components/tokenizer/`, as `mlflow.transformers` writes it, or beside the model.

    Raises:
        ArtifactError: at neither place.
    """
    for candidate in (directory / "components" / "tokenizer", directory, directory / "model"):
        if (candidate / "tokenizer.json").is_file():
            return candidate
    raise ArtifactError(
        f"{directory} has no tokenizer.json; save a fast tokenizer with save_pretrained and publish again"
    )
