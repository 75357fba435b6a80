import pytest

from registry.selector import Kind, Selector, is_name
from summit_inference.errors import InvalidRequest


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("3", Kind.NUMBER, "3"),
        ("v2.1.0", Kind.SEMVER, "v2.1.0"),
        pytest.param("2.1.0", Kind.SEMVER, "v2.1.0", id="a semver gets its v"),
        ("v2.1.0-rc.1", Kind.SEMVER, "v2.1.0-rc.1"),
        ("champion", Kind.ALIAS, "champion"),
        pytest.param("v3", Kind.ALIAS, "v3", id="a v with one number is no semver"),
    ],
)
def test_a_version_is_named_in_three_ways(text: str, kind: Kind, value: str) -> None:
    assert Selector.parse(text) == Selector(kind, value)


@pytest.mark.parametrize("text", ["", "0", "03", "-1", "2.1", "v2.01.0", "a b", "a'b", "../x", "champion\n", "٣"])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(InvalidRequest, match="a number"):
        Selector.parse(text)


@pytest.mark.parametrize("name", ["summit-extract", "a", "A.b_c-1"])
def test_names_are_plain_words(name: str) -> None:
    assert is_name(name)


@pytest.mark.parametrize("name", ["", ".a", "a/b", "a'b", "a b", "..", "a" * 129, "ä"])
def test_names_cannot_break_out_of_urls_paths_and_filters(name: str) -> None:
    assert not is_name(name)
