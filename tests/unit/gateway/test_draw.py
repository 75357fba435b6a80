import random
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from gateway.draw import drawn
from summit_inference.routes_document import Route

ROUTES = (
    Route(model_version="3", percent=90, url="http://champion"),
    Route(model_version="4", percent=10, url="http://canary"),
    Route(model_version="5", percent=0, url="http://dark"),
)


def test_each_version_gets_its_share() -> None:
    """10,000 draws of a tenth: a standard deviation of 30, so that five of them are 150."""
    source = random.Random(7)
    counts = Counter(route.model_version for _ in range(10_000) if (route := drawn(ROUTES, set(), source.random)))
    assert abs(counts["4"] - 1000) < 150
    assert counts["3"] + counts["4"] == 10_000


def test_what_a_disabled_version_had_goes_to_the_others() -> None:
    route = drawn(ROUTES, {"3"}, lambda: 0.99)
    assert route is not None
    assert route.model_version == "4"


def test_a_version_without_traffic_is_not_drawn_even_where_nothing_else_is_left() -> None:
    assert drawn(ROUTES, {"3", "4"}, lambda: 0.5) is None


@given(st.lists(st.integers(0, 100), min_size=1, max_size=6), st.floats(0, 1, exclude_max=True), st.data())
def test_every_draw_is_of_an_enabled_version_with_traffic(
    percents: list[int], point: float, data: st.DataObject
) -> None:
    routes = [Route(model_version=str(at), percent=each, url="http://x") for at, each in enumerate(percents)]
    disabled = data.draw(st.sets(st.sampled_from([route.model_version for route in routes])))
    route = drawn(routes, disabled, lambda: point)
    possible = [each for each in routes if each.percent and each.model_version not in disabled]
    assert route in possible if possible else route is None
