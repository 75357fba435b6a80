import base64
import json
from collections.abc import Callable
from dataclasses import replace

import httpx
import pytest

from registry.rest_store import RestStore, rest_client
from registry.store import Connection
from summit_inference.errors import ConfigurationError, InvalidRequest, UpstreamBroken, UpstreamUnreachable

Handler = Callable[[httpx.Request], httpx.Response]
VERSION = {
    "name": "summit-extract",
    "version": "3",
    "run_id": "r",
    "tags": [{"key": "semver", "value": "v2.1.0"}],
    "aliases": ["champion"],
}
ABSENT = httpx.Response(404, json={"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "…"})


ANONYMOUS = Connection("https://mlflow.example/base")


def store(handler: Handler, connection: Connection = ANONYMOUS) -> RestStore:
    return RestStore(rest_client(connection, httpx.MockTransport(handler)))


def answer(status: int, document: object) -> Handler:
    return lambda _request: httpx.Response(status, json=document)


def test_a_version_is_asked_for_by_its_number() -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        assert request.url.path == "/base/api/2.0/mlflow/model-versions/get"
        assert dict(request.url.params) == {"name": "summit-extract", "version": "3"}
        return httpx.Response(200, json={"model_version": VERSION})

    found = store(handler).by_number("summit-extract", "3")
    assert found is not None
    assert (found.version, found.run_id, found.tags, found.aliases) == ("3", "r", {"semver": "v2.1.0"}, ("champion",))


@pytest.mark.parametrize("code", ["RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"])
def test_what_the_registry_does_not_know_is_none(code: str) -> None:
    assert store(answer(400, {"error_code": code})).by_alias("summit-extract", "blessed") is None


def test_all_pages_of_versions_are_read_newest_first_and_with_their_aliases() -> None:
    pages = {
        None: {
            "model_versions": [{**VERSION, "version": "2"}, {**VERSION, "version": "10"}],
            "next_page_token": "more",
        },
        "more": {"model_versions": [{**VERSION, "version": "9"}]},
    }

    aliases = [{"alias": "champion", "version": "9"}, {"alias": "candidate", "version": 10}]

    def handler(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("registered-models/get"):
            return httpx.Response(200, json={"registered_model": {"aliases": aliases}})
        assert request.url.params["filter"] == "name='summit-extract'"
        return httpx.Response(200, json=pages[request.url.params.get("page_token")])

    found = store(handler).all_versions("summit-extract")
    assert [(one.version, *one.aliases) for one in found] == [("10", "candidate"), ("9", "champion"), ("2",)]


def test_a_model_without_versions_has_none() -> None:
    assert store(answer(200, {})).all_versions("summit-extract") == ()


def test_an_alias_is_set_and_deleted() -> None:
    seen: list[tuple[str, str, dict[str, str]]] = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append((request.method, request.url.path, json.loads(request.content)))
        return httpx.Response(200, json={})

    store(handler).set_alias("summit-extract", "champion", "3")
    store(handler).delete_alias("summit-extract", "champion")
    path = "/base/api/2.0/mlflow/registered-models/alias"
    assert seen == [
        ("POST", path, {"name": "summit-extract", "alias": "champion", "version": "3"}),
        ("DELETE", path, {"name": "summit-extract", "alias": "champion"}),
    ]


def test_an_alias_of_an_unknown_version_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="champion cannot name version 9 of summit-extract"):
        store(answer(404, {"error_code": "RESOURCE_DOES_NOT_EXIST"})).set_alias("summit-extract", "champion", "9")


def test_a_token_goes_before_user_name_and_password() -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={"artifact_uri": request.headers["authorization"]})

    ann = replace(ANONYMOUS, username="ann", password="pass")  # noqa: S106 - nobody's
    assert store(handler, ann).source("x", "1") == "Basic " + base64.b64encode(b"ann:pass").decode()
    assert store(handler, replace(ann, token="t")).source("x", "1") == "Bearer t"  # noqa: S106


@pytest.mark.parametrize("status", [401, 403])
def test_refused_credentials_name_the_settings(status: int) -> None:
    with pytest.raises(ConfigurationError, match="MLFLOW_TRACKING_TOKEN"):
        store(answer(status, {})).by_number("x", "1")


@pytest.mark.parametrize("status", [302, 429, 500, 503])
def test_other_failures_are_the_servers(status: int) -> None:
    with pytest.raises(UpstreamBroken, match=str(status)):
        store(answer(status, {"error_code": "INTERNAL_ERROR"})).by_number("x", "1")


def test_a_redirect_is_not_followed_with_our_credentials() -> None:
    hosts: list[str] = []

    def handler(request: httpx.Request) -> httpx.Response:
        hosts.append(request.url.host)
        return httpx.Response(302, headers={"location": "https://evil.example/"})

    with pytest.raises(UpstreamBroken):
        store(handler, replace(ANONYMOUS, token="t")).by_number("x", "1")  # noqa: S106
    assert hosts == ["mlflow.example"]


def test_an_unreachable_registry_names_the_setting() -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    with pytest.raises(UpstreamUnreachable, match="MLFLOW_TRACKING_URI"):
        store(handler).by_number("x", "1")


@pytest.mark.parametrize("content", [b"<html>", b"[]"])
def test_a_server_that_is_no_mlflow_is_told_apart(content: bytes) -> None:
    with pytest.raises(UpstreamBroken, match="is an MLflow server"):
        store(lambda _request: httpx.Response(200, content=content)).by_number("x", "1")


@pytest.mark.parametrize(
    "version", [{}, {"name": "x"}, {"name": "x", "version": "latest"}, {"name": "x", "version": "1", "tags": [{}]}]
)
def test_a_version_in_another_form_is_told_apart(version: dict[str, object]) -> None:
    with pytest.raises(UpstreamBroken, match="not MLflow's"):
        store(answer(200, {"model_version": version})).by_number("x", "1")
