import pytest

from fallback.candidates import Candidate, Choice
from fallback.echoes import GAIN, SURE, echoes, heard
from fallback.reading import Reading, read

WORDS = {"council": "org_end", "house": "common"}
NEUTRAL = (0.0, 0.0, 0.0)


def known_after(text: str, label: str, score: float = 0.9) -> dict[str, int]:
    reading = read(text, WORDS)
    found = echoes(reading, [Choice(Candidate(0, len(reading), NEUTRAL), label, score)], WORDS)
    return found.labels if found else {}


@pytest.mark.parametrize(
    ("name", "label", "forms"),
    [
        pytest.param("Ada Lovelace", "PER", {"ada lovelace", "ada", "lovelace"}, id="a person by either name"),
        pytest.param("Zubrin Metals", "ORG", {"zubrin metals", "zubrin"}, id="an organisation by its beginning"),
        pytest.param(
            "Polar Bear Council",
            "ORG",
            {"polar bear council", "polar bear", "polar", "pbc"},
            id="an organisation by three initials or more",
        ),
        pytest.param("New Zubrin", "LOC", {"new zubrin"}, id="a place by its whole name only"),
        pytest.param("House Zubrin", "ORG", {"house zubrin"}, id="a common word is no short form"),
    ],
)
def test_short_forms(name: str, label: str, forms: set[str]) -> None:
    assert set(known_after(name, label)) == forms


def test_a_doubtful_name_has_no_echo() -> None:
    assert known_after("Ada Lovelace", "PER", SURE - 0.01) == {}


def two_mentions() -> tuple[Reading, Candidate, Candidate]:
    reading = read("Ada Lovelace met Lovelace", WORDS)
    return reading, Candidate(0, 2, NEUTRAL), Candidate(3, 4, NEUTRAL)


def test_an_echo_gains_odds_for_the_label_it_echoes() -> None:
    reading, name, echo = two_mentions()
    known = echoes(reading, [Choice(name, "PER", 0.9)], WORDS)
    assert known is not None
    assert heard(reading, range(len(reading)), [echo], known) == [Candidate(3, 4, (GAIN, 0.0, 0.0))]


def test_a_name_is_no_echo_of_itself() -> None:
    reading, name, _ = two_mentions()
    known = echoes(reading, [Choice(name, "PER", 0.9)], WORDS)
    assert known is not None
    assert heard(reading, range(len(reading)), [name], known) is None
