from pathlib import Path
from typing import Any

import httpx
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, NoCredentialsError

from registry.artifact_files import BucketFiles, DirectoryFiles, ServerFiles
from registry.rest_store import rest_client
from registry.store import Connection
from summit_inference.errors import ArtifactError, ConfigurationError, UpstreamBroken, UpstreamUnreachable


def test_a_directory_gives_its_files(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"content")
    assert b"".join(DirectoryFiles(tmp_path).chunks("a.txt")) == b"content"


def test_a_directory_says_what_it_lacks(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="is missing"):
        list(DirectoryFiles(tmp_path).chunks("a.txt"))


def server(response: httpx.Response) -> ServerFiles:
    client = rest_client(Connection("http://mlflow"), httpx.MockTransport(lambda _request: response))
    return ServerFiles(client, "1/artifacts")


def test_the_tracking_server_is_asked_below_the_versions_root() -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=request.url.path.encode())

    files = ServerFiles(rest_client(Connection("http://mlflow"), httpx.MockTransport(handler)), "1/artifacts")
    assert b"".join(files.chunks("model/a")) == b"/api/2.0/mlflow-artifacts/artifacts/1/artifacts/model/a"


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (404, ArtifactError),
        (401, ConfigurationError),
        (403, ConfigurationError),
        (503, UpstreamBroken),
        (302, UpstreamBroken),
    ],
)
def test_the_tracking_servers_refusals_are_told_apart(status: int, error: type[Exception]) -> None:
    with pytest.raises(error):
        list(server(httpx.Response(status)).chunks("a"))


def test_a_broken_stream_is_not_a_short_file() -> None:
    class Broken(httpx.SyncByteStream):
        def __iter__(self) -> Any:
            yield b"half"
            raise httpx.ReadError("gone")

    with pytest.raises(UpstreamUnreachable, match="broke off"):
        list(server(httpx.Response(200, stream=Broken())).chunks("a"))


class FakeS3:
    def __init__(self, error: Exception) -> None:
        self._error = error

    def get_object(self, **_where: str) -> Any:
        raise self._error


@pytest.mark.parametrize(
    ("raised", "error"),
    [
        (ClientError({"Error": {"Code": "NoSuchKey"}}, "GetObject"), ArtifactError),
        (ClientError({"Error": {"Code": "AccessDenied"}}, "GetObject"), ConfigurationError),
        (ClientError({"Error": {"Code": "SlowDown"}}, "GetObject"), UpstreamBroken),
        (NoCredentialsError(), ConfigurationError),
        (EndpointConnectionError(endpoint_url="http://s3"), UpstreamUnreachable),
    ],
)
def test_the_failures_of_s3_are_told_apart(raised: Exception, error: type[Exception]) -> None:
    with pytest.raises(error):
        list(BucketFiles(FakeS3(raised), "models", "1").chunks("a"))
