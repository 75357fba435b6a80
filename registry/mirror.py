"""Versions in a bucket or directory laid out `<name>/<version>/…`, read with no registry at hand (`MODEL_BUCKET`)."""

from dataclasses import replace

from registry.artifact_files import open_files
from registry.reference import FILE_NAME, ModelReference
from registry.sources import trusted_source
from registry.store import Connection
from summit_inference.errors import ArtifactError

_MAX_REFERENCE_BYTES = 1024 * 1024


def mirrored(root: str, name: str, version: str, connection: Connection) -> ModelReference:
    """The version as the mirror at `root` (`s3://bucket/prefix` or a directory, no slash at its end) describes it.

    Its digests say that the files are whole, not who put them there: who may write to the mirror, may write these too.

    Raises:
        ArtifactError: the version is not there, or what is there is another.
        UpstreamError, ConfigurationError: see `ArtifactFiles.chunks`.
    """
    uri = f"{root}/{name}/{version}"
    document = b""
    with open_files(trusted_source(uri, (root,)), connection) as files:
        for chunk in files.chunks(FILE_NAME):
            document += chunk
            if len(document) > _MAX_REFERENCE_BYTES:
                raise ArtifactError(f"{FILE_NAME} in the mirror is too large; fill the mirror again")
    reference = ModelReference.from_json(document)
    if (reference.name, reference.version) != (name, version):
        raise ArtifactError(f"the mirror holds {reference.name} {reference.version} in the place of {name} {version}")
    return replace(reference, source=uri)
