import asyncio

import pytest

from eventing.bell import Bell
from eventing.loops import Loop, running
from summit_inference.errors import UpstreamUnreachable

_LONG_SECONDS = 1000.0


class Round:
    """Counts its rounds, rests long, and fails where it is told to."""

    def __init__(self, *faults: Exception) -> None:
        self.faults = list(faults)
        self.rounds = 0
        self.was_cut_off = False

    async def __call__(self) -> float:
        self.rounds += 1
        self.was_cut_off = True
        await asyncio.sleep(0)
        self.was_cut_off = False
        if self.faults:
            raise self.faults.pop()
        return _LONG_SECONDS


async def _until(rounds: int, loop: Round) -> None:
    async with asyncio.timeout(5):
        while loop.rounds < rounds:  # noqa: ASYNC110
            await asyncio.sleep(0)


async def test_a_ring_ends_a_rest_and_the_end_of_the_block_ends_the_loop() -> None:
    bell, first, second = Bell(), Round(), Round()
    async with running(Loop(first, bell.ear()), Loop(second, bell.ear())):
        await _until(1, first)
        await _until(1, second)
        bell.ring()
        await _until(2, first)
        await _until(2, second)
    assert (first.rounds, second.rounds) == (2, 2)


async def test_a_ring_during_a_round_is_heard_after_it() -> None:
    bell, loop = Bell(), Round()
    async with running(Loop(loop, bell.ear())):
        await asyncio.sleep(0)
        assert loop.was_cut_off
        bell.ring()
        await _until(2, loop)


async def test_a_round_that_has_begun_comes_to_its_end() -> None:
    bell, loop = Bell(), Round()
    async with running(Loop(loop, bell.ear())):
        await asyncio.sleep(0)
        assert loop.was_cut_off
    assert not loop.was_cut_off


@pytest.mark.parametrize("fault", [UpstreamUnreachable("Away."), ValueError("a bug")], ids=["an error", "a bug"])
async def test_a_round_that_fails_does_not_end_the_loop(fault: Exception) -> None:
    bell, loop = Bell(), Round(fault)
    async with running(Loop(loop, bell.ear())):
        await _until(1, loop)
        bell.ring()
        await _until(2, loop)
