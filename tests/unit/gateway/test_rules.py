import asyncio
import threading

import pytest
from unit.gateway.fake_clock import FakeClock

from gateway.rules import Rules
from summit_inference.spans import Span


def taking(seconds_per_character: float, clock: FakeClock) -> Rules:
    def extract(text: str) -> list[Span]:
        clock.pass_seconds(len(text) * seconds_per_character)
        return [Span(text[:1], "PER", 0, 1, 0.5)]

    rules = Rules(extract, margin_seconds=0.02, clock=clock)
    rules.calibrate()
    return rules


def test_the_estimate_grows_with_the_text_and_has_the_margin() -> None:
    rules = taking(1e-5, FakeClock())
    assert rules.seconds_for(0) == pytest.approx(0.02)
    assert rules.seconds_for(1000) == pytest.approx(1.5 * 0.01 + 0.02)


async def test_one_short_text_that_happened_to_take_long_does_not_spoil_the_estimate() -> None:
    """A pause of the machine during 5 characters must not look like 10 ms a character."""
    clock = FakeClock()
    stall = iter([0.05])

    def extract(text: str) -> list[Span]:
        clock.pass_seconds(len(text) * 1e-5 + (next(stall, 0.0) if len(text) == 5 else 0.0))
        return []

    rules = Rules(extract, margin_seconds=0, clock=clock)
    rules.calibrate()
    before = rules.seconds_for(1000)
    await rules.spans_of(["short"])
    assert rules.seconds_for(1000) < 10 * before


async def test_the_estimate_follows_a_machine_that_gets_slower() -> None:
    clock = FakeClock()
    pace = [1e-5]

    def extract(text: str) -> list[Span]:
        clock.pass_seconds(len(text) * pace[0])
        return []

    rules = Rules(extract, margin_seconds=0, clock=clock)
    rules.calibrate()
    pace[0] = 1e-4
    for _ in range(200):
        await rules.spans_of(["a" * 100])
    assert rules.seconds_for(1000) > 0.1


async def test_each_text_has_its_spans_in_order() -> None:
    rules = taking(0, FakeClock())
    assert [[span.text for span in spans] for spans in await rules.spans_of(["ab", "cd"])] == [["a"], ["c"]]


async def test_a_long_text_leaves_the_event_loop_to_others() -> None:
    release = threading.Event()

    def extract(text: str) -> list[Span]:
        if text == "wait " * 200:
            release.wait(5)
        return []

    rules = Rules(extract, margin_seconds=0, clock=FakeClock())
    working = asyncio.create_task(rules.spans_of(["wait " * 200]))
    await asyncio.sleep(0)
    assert not working.done()
    release.set()
    assert await working == [[]]
