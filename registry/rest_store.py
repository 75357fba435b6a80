"""MLflow's model registry over its REST API 2.0, without importing mlflow."""

from collections.abc import Mapping
from typing import Any

import httpx

from registry.store import Connection, RegisteredVersion, alias_refusal, with_aliases
from summit_inference.errors import ConfigurationError, SummitError, UpstreamBroken, UpstreamUnreachable

_ABSENT = frozenset({"RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"})
"""The second is for an unknown alias: names are checked before they are sent, so it means nothing else."""
_PAGE_SIZE = 200


def rest_client(connection: Connection, transport: httpx.BaseTransport | None = None) -> httpx.Client:
    """A client of the tracking server, with its credentials. Redirects would carry them along: none is followed."""
    basic = (connection.username, connection.password) if connection.username else None
    return httpx.Client(
        base_url=connection.tracking_uri.rstrip("/") + "/api/2.0/",
        auth=None if connection.token else basic,
        headers={"Authorization": f"Bearer {connection.token}"} if connection.token else None,
        timeout=connection.timeout_seconds,
        transport=transport or httpx.HTTPTransport(retries=2),
    )


class RestStore:
    """A `VersionStore` at a tracking server."""

    def __init__(self, client: httpx.Client) -> None:
        self._client = client

    def by_number(self, name: str, version: str) -> RegisteredVersion | None:
        return self._version("model-versions/get", {"name": name, "version": version})

    def by_alias(self, name: str, alias: str) -> RegisteredVersion | None:
        return self._version("registered-models/alias", {"name": name, "alias": alias})

    def all_versions(self, name: str) -> tuple[RegisteredVersion, ...]:
        found: list[RegisteredVersion] = []
        query = {"filter": f"name='{name}'", "max_results": _PAGE_SIZE}
        while True:
            page = self._call("GET", "model-versions/search", params=query) or {}
            found += [_registered(document) for document in page.get("model_versions", [])]
            if not page.get("next_page_token"):
                return with_aliases(found, self._aliases(name) if found else {})
            query = {**query, "page_token": page["next_page_token"]}

    def source(self, name: str, version: str) -> str:
        query = {"name": name, "version": version}
        answer = self._call("GET", "model-versions/get-download-uri", params=query) or {}
        return str(answer.get("artifact_uri", ""))

    def set_alias(self, name: str, alias: str, version: str) -> None:
        order = {"name": name, "alias": alias, "version": version}
        if self._call("POST", "registered-models/alias", json=order) is None:
            raise alias_refusal(name, alias, version)

    def delete_alias(self, name: str, alias: str) -> None:
        self._call("DELETE", "registered-models/alias", json={"name": name, "alias": alias})

    def _aliases(self, name: str) -> dict[str, str]:
        """The number of the version that each alias names."""
        model = (self._call("GET", "registered-models/get", params={"name": name}) or {}).get("registered_model", {})
        return {str(alias["alias"]): str(alias["version"]) for alias in model.get("aliases", [])}

    def _version(self, path: str, query: Mapping[str, str]) -> RegisteredVersion | None:
        answer = self._call("GET", path, params=query)
        return _registered(answer["model_version"]) if answer and "model_version" in answer else None

    def _call(self, method: str, path: str, **request: Any) -> dict[str, Any] | None:
        return called(self._client, method, path, **request)


def called(client: httpx.Client, method: str, path: str, **request: Any) -> dict[str, Any] | None:
    """The document that the tracking server answers with; None if the registry knows no such thing.

    Raises:
        UpstreamError: it cannot be reached, or answers with something else.
        ConfigurationError: it refuses the credentials.
    """
    try:
        response = client.request(method, f"mlflow/{path}", **request)
    except httpx.TransportError as error:
        raise UpstreamUnreachable("the registry cannot be reached; check MLFLOW_TRACKING_URI") from error
    document = _document(response)
    if response.is_success:
        return document
    if document.get("error_code") in _ABSENT:
        return None
    raise refusal(response.status_code)


def refusal(status: int) -> SummitError:
    """The error for an answer of the tracking server that is neither success nor "no such thing"."""
    if status in {httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN}:
        return ConfigurationError(
            f"the registry refused the credentials ({status}); check MLFLOW_TRACKING_TOKEN or MLFLOW_TRACKING_USERNAME"
        )
    return UpstreamBroken(f"the registry answered {status}; look into the log of the MLflow server")


def _document(response: httpx.Response) -> dict[str, Any]:
    try:
        document = response.json()
    except ValueError:
        document = None
    if not isinstance(document, dict):
        if response.is_success:
            raise UpstreamBroken(
                "the registry answered with no JSON; check that MLFLOW_TRACKING_URI is an MLflow server"
            )
        return {}
    return document


def _registered(document: Mapping[str, Any]) -> RegisteredVersion:
    try:
        return RegisteredVersion(
            name=str(document["name"]),
            version=str(int(document["version"])),
            run_id=document.get("run_id") or None,
            tags={str(tag["key"]): str(tag.get("value", "")) for tag in document.get("tags", [])},
            aliases=tuple(map(str, document.get("aliases", []))),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise UpstreamBroken(
            "the registry described a version in a form that is not MLflow's; check its version"
        ) from error
