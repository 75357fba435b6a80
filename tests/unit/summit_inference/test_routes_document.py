import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from summit_inference.errors import ConfigurationError
from summit_inference.routes_document import Route, RoutesDocument

GOOD = {"generation": 7, "routes": [{"model_version": "3", "percent": 100, "url": "http://three.example"}]}


def test_a_document_is_read_as_it_stands_in_the_design() -> None:
    document = RoutesDocument.from_json(json.dumps(GOOD))
    assert document.generation == 7
    assert document.route_of("3") == Route(model_version="3", percent=100, url="http://three.example")
    assert document.route_of("4") is None


def with_route(**changes: object) -> dict[str, object]:
    return {"generation": 7, "routes": [{**GOOD["routes"][0], **changes}]}  # type: ignore[index]


@pytest.mark.parametrize(
    "document",
    [
        pytest.param([], id="no object"),
        pytest.param({"generation": 7, "routes": []}, id="no route"),
        pytest.param({"routes": GOOD["routes"]}, id="no generation"),
        pytest.param(with_route(percent=99), id="percents that do not add up"),
        pytest.param(with_route(percent=-1), id="a negative percent"),
        pytest.param(with_route(percent=100.0), id="a percent that is no whole number"),
        pytest.param(with_route(percent="100"), id="a percent that is a text"),
        pytest.param(with_route(url="three.example"), id="a URL without a scheme"),
        pytest.param(with_route(url="file:///etc/passwd"), id="a URL of another scheme"),
        pytest.param(with_route(url="http://three.example/?a=b"), id="a URL with a query"),
        pytest.param(with_route(model_version="3/../4"), id="a version that is no path segment"),
        pytest.param(with_route(model_version=3), id="a version that is a number"),
        pytest.param(
            {"generation": 7, "routes": [{**GOOD["routes"][0], "percent": 50}] * 2},  # type: ignore[index]
            id="a version twice",
        ),
    ],
)
def test_a_document_that_cannot_be_followed_is_refused(document: object) -> None:
    with pytest.raises(ConfigurationError, match="routes document"):
        RoutesDocument.from_json(json.dumps(document))


def test_members_of_a_later_version_do_not_break_it() -> None:
    assert RoutesDocument.from_json(json.dumps({**GOOD, "note": "x"})).generation == 7


@given(st.integers(0, 2**40), st.integers(0, 100), st.integers(0, 100))
def test_what_is_written_is_read_back(generation: int, percent: int, shadow: int) -> None:
    document = RoutesDocument(
        generation=generation,
        routes=(
            Route(model_version="3", percent=percent, url="http://a"),
            Route(model_version="4", percent=100 - percent, url="https://b/c", shadow_percent=shadow),
        ),
    )
    assert RoutesDocument.from_json(document.as_json()) == document
