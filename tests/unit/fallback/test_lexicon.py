import pytest

from fallback.lexicon import lexicon, parsed


def test_entries_are_parted_by_lines_and_commas() -> None:
    assert parsed(["[city]\nbath, new york\nlyon\n"]) == {"bath": "city", "new york": "city", "lyon": "city"}


def test_a_phrase_has_the_classes_of_all_lists_that_hold_it() -> None:
    assert parsed(["[common]\nbath\n[given]\nbath\n", "[city]\nbath\n"])["bath"] == "common+given+city"


def test_an_entry_twice_in_a_class_counts_once() -> None:
    assert parsed(["[city]\nbath\nbath\n", "[city]\nbath\n"]) == {"bath": "city"}


@pytest.mark.parametrize(
    ("phrase", "expected"),
    [
        pytest.param("merkel", "person", id="a famous person by surname"),
        pytest.param("angela", "given", id="a given name"),
        pytest.param("new york", "metropolis", id="a city of two words"),
        pytest.param("france", "country", id="a country"),
        pytest.param("bavaria", "region", id="a region"),
        pytest.param("siemens", "organisation", id="an organisation"),
        pytest.param("however", "common", id="a common word"),
        pytest.param("monday", "calendar", id="a day"),
        pytest.param("french", "demonym", id="a nationality"),
        pytest.param("inc", "legal_form", id="a legal form"),
    ],
)
def test_the_shipped_lists_hold(phrase: str, expected: str) -> None:
    assert expected in lexicon()[phrase].split("+")


def test_the_shipped_entries_are_in_lower_case_and_trimmed() -> None:
    assert all(phrase == phrase.strip().lower() for phrase in lexicon())
