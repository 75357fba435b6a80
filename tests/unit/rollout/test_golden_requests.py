from rollout.golden_requests import WHOLE, Reply, report
from rollout.golden_set import GoldenText
from summit_inference.spans import Span

TEXTS = [
    GoldenText("news", "Ada wrote", frozenset({(0, 3, "PER")})),
    GoldenText("news", "Bob wrote", frozenset({(0, 3, "PER")})),
    GoldenText("quiet", "It rained", frozenset()),
    GoldenText("quiet", "It snowed", frozenset()),
]
RIGHT = Reply((Span("Ada", "PER", 0, 3, 0.9),), 0.01)
NOTHING = Reply((), 0.02)


def test_each_slice_has_its_own_f1_and_the_first_is_all_together() -> None:
    told = report("2", TEXTS, [RIGHT, NOTHING, NOTHING, NOTHING], None, now=7.0)
    assert [(part.name, round(part.f1, 3), part.texts) for part in told.slices] == [
        (WHOLE, 0.667, 4),
        ("news", 0.667, 2),
        ("quiet", 1.0, 2),
    ]
    assert (told.at, told.version, told.faults, told.unanswered) == (7.0, "2", (), 0)
    assert told.slices[0].champion_f1 is None


def test_what_was_lost_against_the_champion_is_said() -> None:
    texts, champions = TEXTS[:2] * 20, [RIGHT, RIGHT] * 20
    told = report("2", texts, [NOTHING, NOTHING] * 20, champions, now=0)
    assert (told.slices[0].f1, told.slices[0].champion_f1) == (0, 1)
    assert told.slices[0].loss_at_least > 0.9


def test_a_champion_that_did_not_answer_is_nothing_to_be_compared_with() -> None:
    told = report("2", TEXTS, [RIGHT, RIGHT, NOTHING, NOTHING], [Reply(None, 1.0), RIGHT, NOTHING, NOTHING], now=0)
    assert told.slices[0].champion_f1 is None


def test_silence_is_no_fault_and_an_answer_against_the_contract_is_one() -> None:
    wrong = Reply(None, 0.01, "an entity does not stand where it says")
    told = report("2", TEXTS, [Reply(None, 1.0), wrong, wrong, NOTHING], None, now=0)
    assert told.unanswered == 1
    assert told.faults == ("an entity does not stand where it says",)


def test_the_first_requests_are_not_timed() -> None:
    assert report("2", TEXTS, [Reply((), 9.0)] * 3 + [Reply((), 0.1)], None, now=0).p95_seconds == 0.1
    assert report("2", TEXTS, [Reply(None, 9.0)] * 4, None, now=0).p95_seconds is None
