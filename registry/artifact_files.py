"""The files of a version where they are kept: a directory, a bucket, or behind the tracking server."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import httpx

from registry.rest_store import refusal, rest_client
from registry.sources import Place, Source
from registry.store import Connection
from summit_inference.errors import ArtifactError, ConfigurationError, SummitError, UpstreamBroken, UpstreamUnreachable

CHUNK_BYTES = 1024 * 1024


class ArtifactFiles(Protocol):
    """The files of one version. Safe to read from several threads."""

    def chunks(self, path: str) -> Iterator[bytes]:
        """The content of the file, in pieces.

        Raises:
            ArtifactError: there is no such file.
            UpstreamError: the place cannot be reached, or broke off.
            ConfigurationError: the credentials are refused.
        """
        ...


@contextmanager
def open_files(source: Source, connection: Connection) -> Iterator[ArtifactFiles]:
    """The files at a trusted source."""
    match source.place:
        case Place.DIRECTORY:
            yield DirectoryFiles(Path(source.path))
        case Place.TRACKING_SERVER:
            with rest_client(connection) as client:
                yield ServerFiles(client, source.path)
        case Place.BUCKET:
            yield BucketFiles(s3_client(connection), source.bucket, source.path)


class DirectoryFiles:
    def __init__(self, root: Path) -> None:
        self._root = root

    def chunks(self, path: str) -> Iterator[bytes]:
        try:
            with (self._root / path).open("rb") as content:
                while chunk := content.read(CHUNK_BYTES):
                    yield chunk
        except FileNotFoundError as error:
            raise _missing(path) from error
        except PermissionError as error:
            raise ConfigurationError(
                f"{path} cannot be read where it is kept; give this process the right to"
            ) from error


class ServerFiles:
    """Files that the tracking server passes on from its own store (`mlflow server --serve-artifacts`)."""

    def __init__(self, client: httpx.Client, root: str) -> None:
        self._client = client
        self._root = root

    def chunks(self, path: str) -> Iterator[bytes]:
        try:
            with self._client.stream("GET", f"mlflow-artifacts/artifacts/{self._root}/{path}") as response:
                if response.status_code == httpx.codes.NOT_FOUND:
                    raise _missing(path)
                if not response.is_success:
                    raise refusal(response.status_code)
                yield from response.iter_bytes(CHUNK_BYTES)
        except httpx.TransportError as error:
            raise UpstreamUnreachable(f"the tracking server broke off while it sent {path}; try again") from error


class BucketFiles:
    def __init__(self, client: Any, bucket: str, prefix: str) -> None:
        self._client = client
        self._bucket = bucket
        self._prefix = prefix

    def chunks(self, path: str) -> Iterator[bytes]:
        from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError  # noqa: PLC0415 - for S3 only

        try:
            answer = self._client.get_object(Bucket=self._bucket, Key=f"{self._prefix}/{path}")
            yield from answer["Body"].iter_chunks(CHUNK_BYTES)
        except ClientError as error:
            raise _s3_refusal(path, error.response.get("Error", {}).get("Code", "")) from error
        except NoCredentialsError as error:
            raise ConfigurationError("no credentials for S3 were found; set AWS_ACCESS_KEY_ID or a role") from error
        except BotoCoreError as error:
            raise UpstreamUnreachable(f"S3 broke off or cannot be reached while it sent {path}; try again") from error


def s3_client(connection: Connection) -> Any:
    """A client of the connection's S3."""
    import boto3  # noqa: PLC0415 - 0.2 s that other sources need not wait for
    from botocore.config import Config  # noqa: PLC0415

    config = Config(
        connect_timeout=connection.timeout_seconds,
        read_timeout=connection.timeout_seconds,
        retries={"max_attempts": 3, "mode": "standard"},
    )
    return boto3.client("s3", endpoint_url=connection.s3_endpoint_url or None, config=config)


def _s3_refusal(path: str, code: str) -> SummitError:
    if code in {"NoSuchKey", "NoSuchBucket", "404"}:
        return _missing(path)
    if code in {"AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "403"}:
        return ConfigurationError(f"S3 refused the credentials ({code}); check the role or the AWS_… variables")
    return UpstreamBroken(f"S3 answered with an error while it sent {path}; try again")


def _missing(path: str) -> ArtifactError:
    return ArtifactError(f"{path} is missing where the version is kept; publish or mirror the version again")
