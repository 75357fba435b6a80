"""A model version, by value: which one, where its files are, and the digest of each. Standard library only."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from registry.digests import is_plain_path, is_sha256, whole_digest
from registry.selector import is_name, is_number
from summit_inference.errors import ArtifactError

FILE_NAME = "model-reference.json"
"""Where a reference lies in the directory it describes. Written last: a directory without it may be half there."""


@dataclass(frozen=True, slots=True)
class ModelReference:
    """One version of a registered model; its names and digests are well-formed, and `digest` is that of `files`.

    Raises:
        ArtifactError: on construction, if one of the fields is none of its kind, or the digests contradict each other.
    """

    name: str
    version: str
    run_id: str | None
    digest: str
    """Of the whole: see `digests.whole_digest`."""
    files: Mapping[str, str]
    """Relative path → sha256, for every file of the version."""
    source: str = ""
    """Where the registry says that the files are. Untrusted, see `sources.py`."""
    tags: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        fault = _fault(self)
        if fault is not None:
            raise ArtifactError(f"the model reference {fault}; publish or download the version again")

    @property
    def semver(self) -> str | None:
        return self.tags.get("semver")

    def to_json(self) -> str:
        """The document that `from_json` reads, for people too: indented, keys in the order of the fields."""
        fields = {name: getattr(self, name) for name in self.__slots__}
        plain = {name: dict(value) if isinstance(value, Mapping) else value for name, value in fields.items()}
        return json.dumps(plain, indent=2) + "\n"

    @classmethod
    def from_json(cls, text: str | bytes) -> "ModelReference":
        """The reference that a document holds; unknown keys are passed over.

        Raises:
            ArtifactError: the text is no such document, or what it says is not allowed.
        """
        try:
            document = json.loads(text)
        except ValueError as error:
            raise ArtifactError("the model reference is no JSON; publish or download the version again") from error
        if not isinstance(document, dict) or not {"name", "version", "run_id", "digest", "files"} <= document.keys():
            raise ArtifactError("the model reference lacks fields; publish or download the version again")
        return cls(**{name: document[name] for name in cls.__slots__ if name in document})


def _fault(reference: ModelReference) -> str | None:
    """What is wrong with the reference, as the end of a sentence."""
    files: Any = reference.files  # typed, but it may come from a document
    checks = (
        (_is_text(reference.name) and is_name(reference.name), "has no valid name"),
        (_is_text(reference.version) and is_number(reference.version), "has no valid version number"),
        (reference.run_id is None or _is_text(reference.run_id), "has no valid run id"),
        (_is_text(reference.source), "has no valid source"),
        (_is_text_to_text(reference.tags), "has tags that are no text"),
        (_is_text_to_text(files) and files, "names no files"),
        (_is_text_to_text(files) and all(map(is_plain_path, files)), "names a file with a path that is not allowed"),
        (_is_text_to_text(files) and FILE_NAME not in files, "names itself among its files"),
        (_is_text_to_text(files) and all(map(is_sha256, files.values())), "has a digest that is no sha256"),
        (
            _is_text_to_text(files) and reference.digest == whole_digest(files),
            "has a digest that is not that of its files",
        ),
    )
    return next((fault for passed, fault in checks if not passed), None)


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_text_to_text(value: object) -> bool:
    return isinstance(value, Mapping) and all(map(_is_text, value)) and all(map(_is_text, value.values()))
