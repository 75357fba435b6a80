import logging

import pytest

from gateway.watched import Watched
from summit_inference.errors import ConfigurationError


class Place:
    """Where a value is read from: an exception in place of it is an outage."""

    def __init__(self, *values: str | Exception) -> None:
        self.values = list(values)

    async def read(self) -> str:
        value = self.values.pop(0)
        if isinstance(value, Exception):
            raise value
        return value


async def test_a_change_is_told_with_what_was_before() -> None:
    changes: list[tuple[str, str]] = []
    watched = Watched("flags", Place("a", "a", "b").read, "", lambda before, after: changes.append((before, after)))
    for _ in range(3):
        await watched.refresh()
    assert (watched.value, changes) == ("b", [("", "a"), ("a", "b")])


@pytest.mark.parametrize("outage", [OSError("away"), ConfigurationError("rubbish")])
async def test_the_last_value_survives_an_outage(outage: Exception) -> None:
    watched = Watched("flags", Place("a", outage, outage, "b").read, "")
    seen = []
    for _ in range(4):
        await watched.refresh()
        seen.append(watched.value)
    assert seen == ["a", "a", "a", "b"]


async def test_an_outage_is_logged_when_it_begins_and_when_it_ends(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "gateway.watched")
    watched = Watched("flags", Place(OSError("away"), OSError("away"), "a", "a").read, "")
    for _ in range(4):
        await watched.refresh()
    assert [record.message for record in caplog.records] == ["watch failing, the last value stays", "watch recovered"]


async def test_a_change_that_cannot_be_followed_is_not_taken() -> None:
    def refuse(_before: str, _after: str) -> None:
        raise ConfigurationError("no")

    watched = Watched("routes", Place("a").read, "", refuse)
    await watched.refresh()
    assert watched.value == ""
