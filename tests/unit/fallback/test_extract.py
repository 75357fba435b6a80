import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fallback import NAME
from fallback.extract import extract
from summit_inference.spans import LABELS

PARTS = st.one_of(
    st.sampled_from(
        [
            "Angela Merkel",
            "Acme Inc.",
            "Paris",
            "of",
            "the",
            "Mr",
            "U.S.",
            "J.",
            "'s",
            "\u2019s",
            "-",
            ".",
            "\n",
            "\n\n",
        ]
    ),
    st.text(max_size=12),
)
TEXTS = st.one_of(st.text(), st.lists(PARTS, max_size=30).map(" ".join), st.lists(PARTS, max_size=30).map("".join))


def found(text: str) -> list[tuple[str, str]]:
    return [(span.text, span.label) for span in extract(text)]


@pytest.mark.parametrize(
    ("text", "entity"),
    [
        pytest.param(
            "The chancellor Angela Merkel opened the bridge.",
            ("Angela Merkel", "PER"),
            id="a given name begins a person",
        ),
        pytest.param(
            "Judges freed Mr Okonkwo on bail.",
            ("Mr Okonkwo", "PER"),
            id="a title makes an unknown name a person",
        ),
        pytest.param(
            "The prize went to J. K. Rowling again.",
            ("J. K. Rowling", "PER"),
            id="initials belong to the person they precede",
        ),
        pytest.param(
            "Shares of Zubrin Metals Inc. fell on Friday.",
            ("Zubrin Metals Inc.", "ORG"),
            id="a legal form makes unknown words an organisation",
        ),
        pytest.param(
            "She studied law at the University of Cambridge.",
            ("University of Cambridge", "ORG"),
            id="an organisation contains small words and a place",
        ),
        pytest.param(
            "A spokesman for the European Commission declined.",
            ("European Commission", "ORG"),
            id="an article stays outside a name",
        ),
        pytest.param("The talks in Geneva were adjourned.", ("Geneva", "LOC"), id="a listed city is a place"),
        pytest.param(
            "Police searched a flat near Heathrow Airport.", ("Heathrow Airport", "LOC"), id="a place has its kind"
        ),
        pytest.param("Two U.S. officials resigned.", ("U.S.", "LOC"), id="a dotted abbreviation is one word"),
        pytest.param("Berlin's mayor spoke first.", ("Berlin", "LOC"), id="a possessive stays outside"),
        pytest.param("my flight to tokyo was late", ("tokyo", "LOC"), id="a famous place needs no capital"),
    ],
)
def test_the_rules_find(text: str, entity: tuple[str, str]) -> None:
    assert entity in found(text)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("However, nobody knew the answer.", id="a common word that begins a sentence"),
        pytest.param("They will meet on Monday or in January.", id="days and months"),
        pytest.param("The French and Chinese delegates left.", id="nationalities"),
        pytest.param("Read https://example.org/Berlin/Angela today.", id="a link"),
        pytest.param("Thanks @AngelaMerkel for the answer!", id="a mention of an account"),
        pytest.param("", id="an empty text"),
        pytest.param(" \n\t \n", id="a blank text"),
    ],
)
def test_no_entity_is(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize(
    ("text", "entity"),
    [
        pytest.param(
            "Minister Ana Petrenko resigned in Kyiv. Petrenko gave no reason.",
            ("Petrenko", "PER"),
            id="a full name makes the later surname a person",
        ),
        pytest.param(
            "Zubrin Metals Inc. closed two mines. A spokesman for Zubrin declined to comment.",
            ("Zubrin", "ORG"),
            id="a company's full name makes its short form an organisation",
        ),
        pytest.param(
            "He joined the Norwegian Refugee Council in May. The NRC works in Sudan.",
            ("NRC", "ORG"),
            id="initials of an organisation are that organisation",
        ),
    ],
)
def test_an_echo_is_what_the_longer_name_was(text: str, entity: tuple[str, str]) -> None:
    assert entity in found(text)


def test_a_name_ends_with_its_paragraph() -> None:
    assert found("By Angela Merkel\n\nParis was quiet.") == [("Angela Merkel", "PER"), ("Paris", "LOC")]


def test_offsets_count_code_points() -> None:
    text = "🙂🙂 Angela Merkel flew to Paris."
    assert [(span.start, span.end) for span in extract(text)] == [(3, 16), (25, 30)]


def test_an_echo_raises_the_score() -> None:
    alone = {span.text: span.score for span in extract("Aid for Sudan. The NRC works there.")}
    echoing = {span.text: span.score for span in extract("He runs the Norwegian Refugee Council. The NRC works there.")}
    assert echoing["NRC"] > alone.get("NRC", 0)


@given(TEXTS)
def test_spans_lie_in_the_text_in_order_and_apart(text: str) -> None:
    spans = extract(text)
    assert all(text[span.start : span.end] == span.text != "" for span in spans)
    assert all(one.end <= other.start for one, other in pairwise(spans))


@given(TEXTS)
def test_labels_are_the_known_ones_and_scores_are_probabilities(text: str) -> None:
    assert all(span.label in LABELS and 0 < span.score <= 1 for span in extract(text))


@given(TEXTS)
def test_the_same_text_has_the_same_answer(text: str) -> None:
    assert extract(text) == extract(text)


def processor_seconds(text: str) -> float:
    started = time.process_time()
    extract(text)
    return time.process_time() - started


@pytest.mark.parametrize(
    "part",
    [
        pytest.param("A", id="one endless word"),
        pytest.param("NAME ", id="capitals only"),
        pytest.param("Bank of the ", id="names joined by small words"),
        pytest.param("A. ", id="initials"),
        pytest.param("A.", id="initials without spaces"),
        pytest.param("A.a", id="stops inside words"),
        pytest.param(".", id="dots"),
        pytest.param(" ", id="spaces"),
        pytest.param("\n ", id="blank lines"),
        pytest.param("a-", id="hyphens"),
        pytest.param("O'", id="apostrophes"),
        pytest.param("www.", id="beginnings of links"),
        pytest.param("Angela Merkel said. ", id="sentences that echo one name"),
    ],
)
def test_four_times_the_text_takes_about_four_times_as_long(part: str) -> None:
    """A quadratic rule would take sixteen times as long; floor and tries keep clock and load out."""
    short, long = (part * 100_000)[:25_000], (part * 100_000)[:100_000]
    extract(part)
    tries = (processor_seconds(long) < 8 * max(processor_seconds(short), 0.005) for _ in range(3))
    assert any(tries)


def test_the_model_name_of_degraded_answers_is_stable() -> None:
    assert NAME == "summit-fallback"
