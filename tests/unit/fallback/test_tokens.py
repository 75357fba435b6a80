import pytest
from hypothesis import given
from hypothesis import strategies as st

from fallback.tokens import tokens


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param("Merkel's plan", ["Merkel", "'s", "plan"], id="the possessive stands alone"),
        pytest.param("Merkel\u2019s plan", ["Merkel", "\u2019s", "plan"], id="also with a curly apostrophe"),
        pytest.param(
            "O'Brien and D\u2019Souza", ["O'Brien", "and", "D\u2019Souza"], id="an apostrophe inside a name joins"
        ),
        pytest.param("Jean-Paul", ["Jean-Paul"], id="a hyphen before a capital joins"),
        pytest.param("London-based", ["London", "-", "based"], id="a hyphen before a small letter parts"),
        pytest.param("AT&T won", ["AT&T", "won"], id="an ampersand inside a name joins"),
        pytest.param("the U.S. army", ["the", "U.S.", "army"], id="a dotted abbreviation is one token"),
        pytest.param("Harry S. Truman", ["Harry", "S.", "Truman"], id="an initial keeps its full stop"),
        pytest.param("Acme Inc. grew.", ["Acme", "Inc.", "grew", "."], id="a known abbreviation keeps its full stop"),
        pytest.param("He left. She", ["He", "left", ".", "She"], id="a sentence's full stop stands alone"),
        pytest.param("see https://a.b/C-D now", ["see", "https://a.b/C-D", "now"], id="a link is one token"),
        pytest.param("@joe #Ukraine", ["@joe", "#", "Ukraine"], id="a mention is one token, a hashtag's sign its own"),
        pytest.param("one\n\ntwo", ["one", "\n\n", "two"], id="a blank line is a token"),
        pytest.param("Contents\nParis", ["Contents", "\n", "Paris"], id="the end of a short line is a token"),
        pytest.param(f"{'x' * 60}\nParis", ["x" * 60, "Paris"], id="the end of a wrapped line is none"),
    ],
)
def test_a_text_divides_into(text: str, words: list[str]) -> None:
    assert tokens(text)[0] == words


@given(st.text())
def test_every_token_stands_where_it_says(text: str) -> None:
    words, starts = tokens(text)
    assert all(text.startswith(word, start) for word, start in zip(words, starts, strict=True))


@given(st.text())
def test_only_white_space_is_left_out(text: str) -> None:
    words, starts = tokens(text)
    ends = [start + len(word) for word, start in zip(words, starts, strict=True)]
    between = [text[end:start] for end, start in zip([0, *ends], [*starts, len(text)], strict=True)]
    assert "".join(between).strip() == ""
