import pytest

from registry.selector import Kind, Selector
from registry.storage_uri import StorageUri
from summit_inference.errors import InvalidRequest

DIGEST = "ab" * 32


@pytest.mark.parametrize(
    ("text", "uri"),
    [
        ("mlflow://summit-extract/3", StorageUri("summit-extract", Selector(Kind.NUMBER, "3"), None)),
        ("mlflow://summit-extract/3/", StorageUri("summit-extract", Selector(Kind.NUMBER, "3"), None)),
        ("mlflow://summit-extract/v2.1.0", StorageUri("summit-extract", Selector(Kind.SEMVER, "v2.1.0"), None)),
        (
            f"mlflow://summit-extract/3@sha256:{DIGEST}",
            StorageUri("summit-extract", Selector(Kind.NUMBER, "3"), DIGEST),
        ),
    ],
)
def test_a_uri_names_a_version_and_may_pin_its_digest(text: str, uri: StorageUri) -> None:
    assert StorageUri.parse(text) == uri


@pytest.mark.parametrize(
    "text",
    [
        "summit-extract/3",
        "s3://summit-extract/3",
        "mlflow://summit-extract",
        "mlflow://summit-extract/",
        "mlflow:///3",
        "mlflow://a/b/3",
        "mlflow://summit-extract/3@sha256:abc",
        "mlflow://summit-extract/3@md5:" + "0" * 64,
        "mlflow://summit'extract/3",
        "mlflow://summit-extract/2.1",
    ],
)
def test_other_forms_are_refused(text: str) -> None:
    with pytest.raises(InvalidRequest):
        StorageUri.parse(text)


def test_an_alias_is_not_exact() -> None:
    assert not StorageUri.parse("mlflow://summit-extract/champion").is_exact
    assert StorageUri.parse("mlflow://summit-extract/3").is_exact
    assert StorageUri.parse("mlflow://summit-extract/v2.1.0").is_exact
