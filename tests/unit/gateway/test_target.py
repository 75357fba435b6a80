import pytest
from unit.gateway.fake_clock import FakeClock

from gateway.breaker import Breaker, BreakerPolicy
from gateway.readiness import Readiness, WakePolicy
from gateway.target import Target, Targets
from summit_inference.client import Upstream
from summit_inference.errors import ModelVersionNotFound
from summit_inference.routes_document import Route, RoutesDocument

PLAIN = "http://plain"


def made(url: str, model_version: str | None) -> Target:
    clock = FakeClock()

    async def ask() -> bool:
        return True

    return Target(
        model_version,
        Upstream(url),
        Readiness(ask, WakePolicy(60, 1, 10), clock),
        Breaker(BreakerPolicy(0.5, 0.5, 5, 30, 5), clock),
    )


def targets() -> Targets:
    return Targets(PLAIN, made, lambda: 0.5, retire_seconds=60)


def document(*routes: tuple[str, int, str]) -> RoutesDocument:
    return RoutesDocument(
        generation=1, routes=tuple(Route(model_version=v, percent=percent, url=url) for v, percent, url in routes)
    )


def test_without_a_document_everything_goes_to_the_plain_host() -> None:
    chosen = targets()
    for version in (None, "9"):
        target = chosen.chosen(version, frozenset())
        assert target is not None
        assert (target.model_version, target.upstream.url) == (None, PLAIN)
    assert chosen.versions == ()


async def test_a_version_goes_to_the_host_of_its_own_even_without_traffic() -> None:
    followed = targets()
    followed.follow(document(("3", 100, "http://three"), ("4", 0, "http://four/")))
    four = followed.chosen("4", frozenset())
    assert four is not None
    assert four.upstream.url == "http://four"
    await followed.aclose()


async def test_a_version_without_a_route_is_not_there() -> None:
    followed = targets()
    followed.follow(document(("3", 100, "http://three")))
    with pytest.raises(ModelVersionNotFound, match="3"):
        followed.chosen("9", frozenset())
    await followed.aclose()


async def test_a_disabled_version_has_no_target() -> None:
    followed = targets()
    followed.follow(document(("3", 100, "http://three")))
    assert followed.chosen("3", {"3"}) is None
    assert followed.chosen(None, {"3"}) is None
    await followed.aclose()


async def test_what_was_learnt_of_a_version_survives_a_change_of_percents() -> None:
    followed = targets()
    followed.follow(document(("3", 100, "http://three")))
    before = followed.chosen("3", frozenset())
    followed.follow(document(("3", 90, "http://three"), ("4", 10, "http://four")))
    assert followed.chosen("3", frozenset()) is before
    await followed.aclose()


async def test_a_version_at_another_host_is_learnt_anew() -> None:
    followed = targets()
    followed.follow(document(("3", 100, "http://three")))
    before = followed.chosen("3", frozenset())
    followed.follow(document(("3", 100, "http://elsewhere")))
    assert followed.chosen("3", frozenset()) is not before
    await followed.aclose()


async def test_without_the_document_the_plain_host_is_back() -> None:
    followed = targets()
    followed.follow(document(("3", 100, "http://three")))
    followed.follow(None)
    target = followed.chosen(None, frozenset())
    assert target is not None
    assert target.upstream.url == PLAIN
    await followed.aclose()
