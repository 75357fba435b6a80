"""What is kept of a version beside its files: metrics, tags, reports. Over the tracking server's REST API 2.0."""

from collections.abc import Mapping
from typing import Any

import httpx

from registry.artifact_files import s3_client
from registry.rest_store import called, refusal
from registry.sources import Place, Source, allowed_sources, trusted_source
from registry.store import Connection
from summit_inference.errors import ConfigurationError, ModelVersionNotFound, UpstreamUnreachable


class RunRecords:
    """The records at a tracking server."""

    def __init__(self, connection: Connection, client: httpx.Client) -> None:
        self._connection = connection
        self._client = client

    def metrics(self, run_id: str) -> dict[str, float]:
        """The last value of each metric that was logged with the run; none where there is no such run."""
        data = self._run(run_id).get("data", {})
        return {str(metric["key"]): float(metric["value"]) for metric in data.get("metrics", [])}

    def tag(self, name: str, version: str, tags: Mapping[str, str]) -> None:
        """Set tags of a version.

        Raises:
            ModelVersionNotFound: there is no such version.
        """
        for key, value in tags.items():
            order = {"name": name, "version": version, "key": key, "value": value}
            if called(self._client, "POST", "model-versions/set-tag", json=order) is None:
                raise ModelVersionNotFound(f"{name} has no version {version}; look whether it was deleted")

    def write(self, run_id: str, path: str, content: bytes, content_type: str) -> str:
        """Keep a file with the run's artifacts, in the place of one with this path.

        Returns: the URI of the file.

        Raises:
            ArtifactError: the run's artifacts are where nothing of ours may be.
            ConfigurationError: they are in a directory of another machine.
        """
        uri = f"{self._run(run_id).get('info', {}).get('artifact_uri', '')}/{path}"
        source = trusted_source(uri, allowed_sources(self._connection))
        self._put(source, content, content_type)
        return uri

    def _put(self, source: Source, content: bytes, content_type: str) -> None:
        match source.place:
            case Place.TRACKING_SERVER:
                self._put_at_server(f"mlflow-artifacts/artifacts/{source.path}", content, content_type)
            case Place.BUCKET:
                _put_in_bucket(s3_client(self._connection), source, content, content_type)
            case Place.DIRECTORY:
                raise ConfigurationError("the run's artifacts are in a directory; serve them with: mlflow server")

    def _put_at_server(self, url: str, content: bytes, content_type: str) -> None:
        try:
            response = self._client.put(url, content=content, headers={"content-type": content_type})
        except httpx.TransportError as error:
            raise UpstreamUnreachable("the tracking server broke off while it was sent a report; try again") from error
        if not response.is_success:
            raise refusal(response.status_code)

    def _run(self, run_id: str) -> dict[str, Any]:
        answer = called(self._client, "GET", "runs/get", params={"run_id": run_id}) or {}
        run: dict[str, Any] = answer.get("run", {})
        return run


def _put_in_bucket(client: Any, source: Source, content: bytes, content_type: str) -> None:
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - for S3 only

    try:
        client.put_object(Bucket=source.bucket, Key=source.path, Body=content, ContentType=content_type)
    except (BotoCoreError, ClientError) as error:
        raise UpstreamUnreachable(
            "S3 did not take a report; check the credentials, and that it can be reached"
        ) from error
