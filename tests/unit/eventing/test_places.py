import pytest

from eventing.places import Allowed, Place, below, place
from summit_inference.errors import Forbidden, InvalidRequest

ALLOWED = Allowed(readable=("s3://texts/public", "file:///srv/in/"), writable=("s3://results",))


@pytest.mark.parametrize(
    ("uri", "found"),
    [
        pytest.param("s3://texts/a/b.jsonl", Place("s3", "texts", "a/b.jsonl"), id="an object"),
        pytest.param("s3://texts/a/", Place("s3", "texts", "a/"), id="a prefix"),
        pytest.param("file:///srv/in/ä b.jsonl", Place("file", "", "/srv/in/ä b.jsonl"), id="a file"),
    ],
)
def test_a_uri_says_scheme_bucket_and_path(uri: str, found: Place) -> None:
    assert place(uri) == found


@pytest.mark.parametrize(
    "uri",
    [
        pytest.param("https://texts/a", id="another scheme"),
        pytest.param("s3://texts", id="a bucket alone"),
        pytest.param("s3://texts/", id="a bucket with a slash"),
        pytest.param("s3://UPPER/a", id="no bucket name"),
        pytest.param("s3://user@host/a", id="credentials"),
        pytest.param("file://host/a", id="a host"),
        pytest.param("file:///a/../b", id="a way up"),
        pytest.param("s3://texts/..", id="only a way up"),
        pytest.param("s3://texts/a//b", id="an empty part"),
        pytest.param("s3://texts/a%2e%2e/b", id="an escape"),
        pytest.param("s3://texts/a?versionId=1", id="a query"),
        pytest.param("s3://texts/a\\b", id="a backslash"),
        pytest.param("s3://texts/a\nb", id="a control character"),
        pytest.param("/etc/passwd", id="a bare path"),
    ],
)
def test_other_forms_are_never_followed(uri: str) -> None:
    with pytest.raises(InvalidRequest):
        place(uri)


@pytest.mark.parametrize(
    "uri", ["s3://texts/public/a", "file:///srv/in/a", "s3://results/a"], ids=["bucket", "folder", "what is written"]
)
def test_what_a_prefix_allows_is_read(uri: str) -> None:
    assert ALLOWED.to_read(uri) == place(uri)


@pytest.mark.parametrize(
    "uri",
    [
        pytest.param("s3://texts/public-not/a", id="a longer name"),
        pytest.param("s3://texts-of-others/a", id="another bucket"),
        pytest.param("file:///srv/input/a", id="another folder"),
    ],
)
def test_a_prefix_ends_at_a_boundary(uri: str) -> None:
    with pytest.raises(Forbidden):
        ALLOWED.to_read(uri)


def test_what_may_be_read_may_not_be_written() -> None:
    with pytest.raises(Forbidden):
        ALLOWED.to_write("s3://texts/public/a")


def test_without_prefixes_nothing_is_allowed() -> None:
    with pytest.raises(Forbidden):
        Allowed().to_read("file:///a")


@pytest.mark.parametrize("prefix", ["s3://results/a", "s3://results/a/"])
def test_a_name_below_a_prefix_has_one_slash_before_it(prefix: str) -> None:
    assert below(prefix, "b") == "s3://results/a/b"
