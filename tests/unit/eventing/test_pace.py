import pytest
from servers.ledgers import Clock

from eventing.pace import Pace
from summit_inference.errors import Overloaded


def _pace(most: int = 8) -> tuple[Pace, Clock]:
    clock = Clock()
    return Pace(most, clock), clock


def test_a_busy_model_halves_the_pace_and_answers_bring_it_back_slowly() -> None:
    pace, _ = _pace()
    pace.note_busy(0)
    pace.note_busy(0)
    assert pace.width == 2
    pace.note_answer()
    assert pace.width == 2
    for _ in range(100):
        pace.note_answer()
    assert pace.width == 8


def test_one_chunk_at_a_time_is_always_tried() -> None:
    pace, _ = _pace()
    for _ in range(20):
        pace.note_busy(0)
    assert pace.width == 1


def test_nothing_begins_before_the_model_wants_to_be_asked_again() -> None:
    pace, clock = _pace()
    pace.note_busy(5)
    assert pace.width == 0
    clock.now += 5
    assert pace.width == 4


async def test_slots_are_as_many_as_the_pace_and_who_comes_too_late_is_sent_back() -> None:
    pace, _ = _pace(1)
    async with pace.slot(0):
        with pytest.raises(Overloaded):
            async with pace.slot(0.01):
                pytest.fail("there was a second slot")
    async with pace.slot(0.01):
        pass


async def test_a_slot_is_free_again_after_a_failure() -> None:
    pace, _ = _pace(1)
    with pytest.raises(ValueError, match="fault"):
        async with pace.slot(0):
            raise ValueError("fault")
    async with pace.slot(0.01):
        pass
