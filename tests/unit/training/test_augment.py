from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.augment import (
    Augmentation,
    augmented,
    cased_like,
    joined,
    names_in,
    recased,
    renamed,
    tidy_places,
)
from training.corpora import Sentence, written

EVERYTHING = Augmentation(keep_nameless=0.5, rename=0.5, lower=0.2, upper=0.2, tidy=0.5, join=0.5)


def sentence(text: str, tags: str) -> Sentence:
    return Sentence(tuple(text.split()), tuple(tags.split()))


def test_the_names_of_a_corpus_stand_under_their_labels(sentences: list[Sentence]) -> None:
    names = names_in(sentences)
    assert names["ORG"] == [("Acme", "Corp"), ("Acme", "Corp")]
    assert names["PER"] == [("Maria", "Lopez"), ("Tom",), ("Tom",)]


def test_a_mention_gets_another_name_of_its_label_and_the_tags_to_it() -> None:
    old = sentence("Tom met Ann Lee today", "B-PER O B-PER I-PER O")
    new = renamed(old, {"PER": [("Eva", "de", "Vries")]}, 1.0, Random(1))
    assert new == sentence("Eva de Vries met Eva de Vries today", "B-PER I-PER I-PER O B-PER I-PER I-PER O")


@pytest.mark.parametrize(
    "text", [pytest.param("# Oslo rains", id="hashtag"), pytest.param("@ Oslo rains", id="handle")]
)
def test_what_follows_a_mark_keeps_its_name(text: str) -> None:
    old = sentence(text, "O B-LOC O")
    assert renamed(old, {"LOC": [("New", "York")]}, 1.0, Random(1)) == old


@pytest.mark.parametrize(
    ("model", "name"),
    [
        pytest.param(["oslo"], ("new", "york"), id="lower as lower"),
        pytest.param(["LISBON"], ("NEW", "YORK"), id="shouted as shouted"),
        pytest.param(["UK"], ("New", "York"), id="an abbreviation is not shouted"),
        pytest.param(["Oslo"], ("New", "York"), id="a title stays"),
    ],
)
def test_a_new_name_takes_the_case_of_the_old_one(model: list[str], name: tuple[str, ...]) -> None:
    assert cased_like(model, ("New", "York")) == name


def test_a_sentence_loses_or_gains_all_its_capitals() -> None:
    old = sentence("Tom likes rain", "B-PER O O")
    assert recased(old, Augmentation(lower=1.0), Random(1)).words == ("tom", "likes", "rain")
    assert recased(old, Augmentation(upper=1.0), Random(1)).words == ("TOM", "LIKES", "RAIN")


def test_sentences_are_joined_up_to_the_limit(sentences: list[Sentence]) -> None:
    texts = joined(sentences, Augmentation(join=1.0, join_limit_words=13), Random(1))
    assert [len(text.words) for text in texts] == [13, 13, 9]


@pytest.mark.parametrize(
    ("words", "text"),
    [
        pytest.param("Ann 's flat , in Oslo .", "Ann's flat, in Oslo.", id="clitic, comma, full stop"),
        pytest.param("they did n't ( we did )", "they didn't (we did)", id="negation, brackets"),
        pytest.param("# win $ 5", "#win $5", id="marks"),
    ],
)
def test_tidy_text_has_no_space_before_a_comma(words: str, text: str) -> None:
    plain = sentence(words, " ".join("O" for _ in words.split()))
    assert written(plain, tidy_places(plain.words)).text == text


def test_nothing_changes_where_every_chance_is_zero(sentences: list[Sentence]) -> None:
    assert augmented(sentences, {}, Augmentation(), Random(1)) == [written(s) for s in sentences]


def test_nameless_sentences_can_be_left_out(sentences: list[Sentence]) -> None:
    assert all(x.spans for x in augmented(sentences, {}, Augmentation(keep_nameless=0.0), Random(1)))


@given(st.integers(0, 1000))
def test_a_seed_gives_one_result_and_no_mention_is_lost(sentences: list[Sentence], seed: int) -> None:
    names = names_in(sentences)
    examples = augmented(sentences, names, EVERYTHING, Random(seed))
    assert examples == augmented(sentences, names, EVERYTHING, Random(seed))
    assert [span.label for x in examples for span in x.spans] == [
        label for s in sentences for *_, label in s.mentions()
    ]
