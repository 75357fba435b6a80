import pytest

from registry.sources import Place, Source, allowed_sources, trusted_source
from registry.store import Connection
from summit_inference.errors import ArtifactError

SERVED = allowed_sources(Connection("https://mlflow.example"))
ON_DISK = allowed_sources(Connection("sqlite:///mlflow.db"))


@pytest.mark.parametrize(
    ("uri", "source"),
    [
        ("mlflow-artifacts:/1/models/m-1/artifacts", Source(Place.TRACKING_SERVER, "", "1/models/m-1/artifacts")),
        ("s3://models/1/m-1/artifacts/", Source(Place.BUCKET, "models", "1/m-1/artifacts")),
    ],
)
def test_a_server_may_point_to_its_own_store_and_to_buckets(uri: str, source: Source) -> None:
    assert trusted_source(uri, SERVED) == source


@pytest.mark.parametrize("uri", ["/srv/artifacts/m-1", "file:///srv/artifacts/m-1"])
def test_a_registry_on_disk_may_point_to_files(uri: str) -> None:
    assert trusted_source(uri, ON_DISK) == Source(Place.DIRECTORY, "", "/srv/artifacts/m-1")


@pytest.mark.parametrize(
    "uri",
    [
        "/etc",
        "file:///etc",
        "http://evil.example/x",
        "hdfs://x/y",
        "dbfs:/x",
        "runs:/1/model",
        "models:/x/1",
        "relative",
        "",
        "mlflow-artifacts:/",
    ],
)
def test_a_server_may_not_point_anywhere_else(uri: str) -> None:
    with pytest.raises(ArtifactError, match="REGISTRY_ALLOWED_SOURCES"):
        trusted_source(uri, SERVED)


@pytest.mark.parametrize(
    "uri",
    [
        pytest.param("mlflow-artifacts://evil.example/x", id="another host"),
        pytest.param("mlflow-artifacts:/1/../../x", id="two dots"),
        pytest.param("mlflow-artifacts:/1/%2e%2e/x", id="an escape"),
        pytest.param("mlflow-artifacts:/1?x=y", id="a query"),
        pytest.param("mlflow-artifacts:/a//b", id="an empty segment"),
        pytest.param("mlflow-artifacts:/a:b", id="a second colon"),
        pytest.param("s3://models", id="a whole bucket"),
        pytest.param("s3:///x", id="no bucket"),
        pytest.param("s3://key:secret@models/x", id="a key pair in the bucket's place"),
        pytest.param("s3://user@models/x", id="a user in the bucket's place"),
    ],
)
def test_forms_that_could_lead_elsewhere_are_never_followed(uri: str) -> None:
    with pytest.raises(ArtifactError, match="never followed"):
        trusted_source(uri, SERVED)


def test_a_stated_prefix_ends_at_a_boundary() -> None:
    assert trusted_source("s3://models/x", ["s3://models"]).bucket == "models"
    with pytest.raises(ArtifactError, match="not allowed here"):
        trusted_source("s3://models-of-others/x", ["s3://models"])


def test_a_stated_prefix_replaces_the_default_ones() -> None:
    narrow = Connection("https://mlflow.example", allowed_sources=("s3://models/",))
    with pytest.raises(ArtifactError, match="not allowed here"):
        trusted_source("mlflow-artifacts:/1/x", allowed_sources(narrow))
