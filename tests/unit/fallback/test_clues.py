import pytest

from fallback.clues import Clue, first_of, inner_of, left_of, right_of, shape, single, suffix, whole
from fallback.reading import read

WORDS = {"mr": "title", "said": "speech", "in": "place_before", "new york": "metropolis", "bank": "org_end"}
READING = read("So Mr Ada of Bob said in New York. Cy left", WORDS)
AT = {word: at for at, word in enumerate(READING.words)}


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        pytest.param("So", [("before", "(nothing)")], id="nothing stands before a text"),
        pytest.param("Cy", [("before", "(nothing)")], id="nothing stands before a sentence"),
        pytest.param(
            "Mr",
            [("before", "so"), ("before name", "unknown"), ("before2", "(nothing)")],
            id="a capitalised neighbour is a name",
        ),
        pytest.param(
            "New",
            [("before", "in"), ("before class", "place_before"), ("before2", "said"), ("before2 class", "speech")],
            id="two words tell",
        ),
    ],
)
def test_clues_before(word: str, expected: list[Clue]) -> None:
    assert left_of(READING, AT[word]) == expected


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        pytest.param("left", [("after", "(nothing)")], id="nothing stands after a text"),
        pytest.param("York", [("after", "."), ("after class", "unknown")], id="the next sentence tells nothing"),
        pytest.param("Cy", [("after", "left"), ("after class", "unknown")], id="one word is left"),
        pytest.param(
            "Bob",
            [("after", "said"), ("after class", "speech"), ("after2", "in"), ("after2 class", "place_before")],
            id="two words tell",
        ),
    ],
)
def test_clues_after(word: str, expected: list[Clue]) -> None:
    assert right_of(READING, AT[word] + 1) == expected


def test_a_capital_at_the_beginning_of_a_sentence_is_told_apart() -> None:
    assert set(single("common", "title", "ed", begins=True)) - set(single("common", "title", "ed", begins=False)) == {
        ("begins", "common")
    }
    assert ("begins with", "common") in first_of("common", "title", begins=True)


def test_words_inside_a_name_tell_their_class_or_themselves() -> None:
    assert inner_of(READING, AT["Ada"]) == [("inner class", "unknown")]
    assert inner_of(READING, AT["of"]) == [("has", "of")]


def test_a_listed_phrase_tells_its_class() -> None:
    start = AT["New"]
    assert whole(READING, start, start + 2, WORDS) == [("length", "2"), ("phrase", "metropolis")]
    assert whole(READING, AT["Ada"], AT["Bob"] + 1, WORDS) == [("length", "3")]


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        pytest.param("tokyo", "lower", id="lower"),
        pytest.param("Tokyo", "title", id="title"),
        pytest.param("NATO", "acronym", id="acronym"),
        pytest.param("LONDON", "capitals", id="capitals"),
        pytest.param("J.", "initial", id="initial"),
        pytest.param("YouTube", "camel", id="camel"),
        pytest.param("O'Brien", "mixed", id="mixed"),
    ],
)
def test_shapes(word: str, expected: str) -> None:
    assert shape(word) == expected


@pytest.mark.parametrize(
    ("word", "classes", "expected"),
    [
        pytest.param("kirkborough", "unknown", "borough", id="the longest suffix counts"),
        pytest.param("ville", "unknown", "e", id="a suffix is no whole word"),
        pytest.param("qqq", "unknown", "(other)", id="no suffix tells"),
        pytest.param("kirkborough", "city", "(known)", id="a listed word's suffix tells nothing"),
    ],
)
def test_suffixes(word: str, classes: str, expected: str) -> None:
    assert suffix(word, classes) == expected
