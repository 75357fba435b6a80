import pytest

from fallback.reading import MAX_RUN, read

WORDS = {
    "inc": "legal_form",
    "walk": "common",
    "tokyo": "metropolis",
    "reading": "common+metropolis",
    "mr": "title",
    "england": "country",
}


def runs(text: str) -> list[list[str]]:
    reading = read(text, WORDS)
    return [[reading.words[at] for at in run] for run in reading.runs()]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("the Bank of England fell", [["Bank", "of", "England"]], id="small words connect names"),
        pytest.param("Bank of the fell", [["Bank"]], id="a run ends with a name, not with a small word"),
        pytest.param("Ada and the of Bob", [["Ada"], ["Bob"]], id="at most two small words connect"),
        pytest.param("Acme, Inc. grew", [["Acme", ",", "Inc."]], id="a comma connects a legal form"),
        pytest.param("Acme, Beta", [["Acme"], ["Beta"]], id="a comma connects nothing else"),
        pytest.param("met Ada. Bob left", [["Ada"], ["Bob"]], id="a full stop parts"),
        pytest.param("Ada\n\nBob", [["Ada"], ["Bob"]], id="a blank line parts"),
        pytest.param("flew to tokyo today", [["tokyo"]], id="a famous name needs no capital"),
        pytest.param("was reading today", [], id="a common word in lower case is none, however famous"),
        pytest.param("@Ada www.Bob https://Cy", [], id="mentions and links are none"),
    ],
)
def test_runs(text: str, expected: list[list[str]]) -> None:
    assert runs(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("Mr. Ada", ["title", "unknown"], id="an abbreviation is found without its full stop"),
        pytest.param("Walking", ["common"], id="an inflected common word is common"),
        pytest.param("S. Truman", ["initial", "unknown"], id="an initial is one"),
        pytest.param("walking", ["unknown"], id="only words that may be names are looked at so closely"),
    ],
)
def test_classes(text: str, expected: list[str]) -> None:
    assert read(text, WORDS).classes == expected


def test_a_long_run_is_cut() -> None:
    assert [len(run) for run in read("Ada " * (MAX_RUN + 1), WORDS).runs()] == [MAX_RUN, 1]
