import asyncio

from unit.gateway.fake_clock import FakeClock

from gateway.degrade import Standing
from gateway.readiness import Readiness, WakePolicy
from summit_inference.errors import UpstreamUnreachable

POLICY = WakePolicy(idle_seconds=60, interval_seconds=1, give_up_seconds=10)


class Model:
    """Answers the question for readiness with yes, no or nothing ("away"), one after the other; the last one stays."""

    def __init__(self, *answers: str) -> None:
        self.answers = list(answers)
        self.asked = 0

    async def ask(self) -> bool:
        self.asked += 1
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if answer == "away":
            raise UpstreamUnreachable("Nobody.")
        return answer == "yes"


def watching(model: Model, clock: FakeClock) -> Readiness:
    async def sleep(seconds: float) -> None:
        clock.pass_seconds(seconds)
        await asyncio.sleep(0)

    return Readiness(model.ask, POLICY, clock, sleep=sleep)


def test_nothing_is_known_at_first() -> None:
    assert watching(Model("yes"), FakeClock()).standing is Standing.UNKNOWN


def test_an_answer_proves_readiness_for_a_while() -> None:
    clock = FakeClock()
    readiness = watching(Model("yes"), clock)
    readiness.note_answer()
    standings = []
    for seconds in (59, 1):
        clock.pass_seconds(seconds)
        standings.append(readiness.standing)
    assert standings == [Standing.READY, Standing.UNKNOWN]


async def test_a_probe_finds_a_ready_model() -> None:
    readiness = watching(Model("yes"), FakeClock())
    await readiness.probe(1)
    assert readiness.standing is Standing.READY


async def test_a_probe_ends_as_soon_as_the_model_says_no() -> None:
    readiness = watching(Model("no"), FakeClock())
    async with asyncio.timeout(1):
        await readiness.probe(60)
    assert (readiness.standing, readiness.down_reason) == (Standing.NOT_READY, "cold")
    await readiness.aclose()


async def test_no_sign_in_time_is_cold() -> None:
    async def held() -> bool:
        await asyncio.sleep(60)
        return True

    readiness = Readiness(held, POLICY, FakeClock())
    await readiness.probe(0.01)
    assert (readiness.standing, readiness.down_reason) == (Standing.NOT_READY, "cold")
    await readiness.aclose()


async def test_a_model_that_is_down_is_asked_until_it_is_up() -> None:
    model = Model("away", "no", "yes")
    readiness = watching(model, FakeClock())
    readiness.note_down("broken")
    assert readiness.standing is Standing.NOT_READY
    assert await readiness.wait(1)
    assert (readiness.standing, model.asked) == (Standing.READY, 3)


async def test_many_who_wait_are_one_question() -> None:
    model = Model("no", "yes")
    readiness = watching(model, FakeClock())
    readiness.note_down("cold")
    assert await asyncio.gather(*(readiness.wait(1) for _ in range(20))) == [True] * 20
    assert model.asked == 2


async def test_a_model_that_never_comes_is_given_up_until_somebody_asks_again() -> None:
    model = Model("no")
    readiness = watching(model, FakeClock())
    readiness.note_down("cold")
    assert readiness._waking is not None
    await readiness._waking
    assert (readiness.standing, model.asked) == (Standing.UNKNOWN, 10)
    model.answers = ["yes"]
    await readiness.probe(1)
    assert readiness.standing is Standing.READY


async def test_why_it_went_down_stays_until_it_is_up_again() -> None:
    model = Model("no")
    readiness = watching(model, FakeClock())
    readiness.note_down("broken")
    readiness.note_down("cold")
    assert readiness.down_reason == "broken"
    await readiness.aclose()


def test_a_timeout_makes_the_standing_unknown_unless_something_was_answered_since() -> None:
    clock = FakeClock()
    readiness = watching(Model("yes"), clock)
    readiness.note_answer()
    standings = []
    for seconds_ago in (1, 0):
        readiness.note_doubt(asked_at=clock() - seconds_ago)
        standings.append(readiness.standing)
        clock.pass_seconds(1)
    assert standings == [Standing.READY, Standing.UNKNOWN]
