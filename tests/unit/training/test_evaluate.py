from collections.abc import Callable, Sequence

import pytest

from summit_inference.spans import Span
from training.corpora import Sentence, written
from training.evaluate import evaluate, p50_ms, tagged


def perfect(sentences: Sequence[Sentence]) -> Callable[[Sequence[str]], list[list[Span]]]:
    answers = {written(s).text: list(written(s).spans) for s in sentences}
    return lambda texts: [answers[text] for text in texts]


def test_a_perfect_extractor_has_100_percent(sentences: list[Sentence]) -> None:
    scores = evaluate(perfect(sentences), sentences)
    assert scores.micro.f1 == 100
    assert scores.micro.mentions == 9
    assert {label: score.f1 for label, score in scores.by_label.items()} == {"PER": 100, "ORG": 100, "LOC": 100}


def test_an_extractor_that_finds_nothing_has_none(sentences: list[Sentence]) -> None:
    assert evaluate(lambda texts: [[] for _ in texts], sentences).micro.f1 == 0


def test_a_mention_counts_only_with_both_ends_and_its_label() -> None:
    sentence = Sentence(("Ann", "Lee", "in", "Oslo"), ("B-PER", "I-PER", "O", "B-LOC"))
    short = Span("Ann", "PER", 0, 3, 1.0)
    mislabelled = Span("Oslo", "ORG", 11, 15, 1.0)
    scores = evaluate(lambda _: [[short, mislabelled]], [sentence])
    assert scores.micro.f1 == 0
    assert scores.by_label["ORG"].precision == 0


def test_precision_and_recall_are_told_apart(sentences: list[Sentence]) -> None:
    def first_only(texts: Sequence[str]) -> list[list[Span]]:
        return [spans[:1] for spans in perfect(sentences)(texts)]

    micro = evaluate(first_only, sentences).micro
    assert micro.precision == 100
    assert micro.recall == pytest.approx(100 * 5 / 9)


@pytest.mark.parametrize(
    ("start", "end", "tags"),
    [
        pytest.param(0, 7, ["B-PER", "I-PER", "O"], id="both words"),
        pytest.param(1, 3, ["B-PER", "O", "O"], id="a part of a word is the word"),
        pytest.param(3, 4, ["O", "O", "O"], id="a space is no word"),
    ],
)
def test_a_span_tags_the_words_that_it_touches(start: int, end: int, tags: list[str]) -> None:
    sentence = Sentence(("Ann", "Lee", "left"), ("O", "O", "O"))
    assert tagged(sentence, [Span("", "PER", start, end, 1.0)]) == tags


def test_spans_side_by_side_begin_anew() -> None:
    sentence = Sentence(("Ann", "Lee"), ("O", "O"))
    spans = [Span("Lee", "PER", 4, 7, 1.0), Span("Ann", "PER", 0, 3, 1.0)]
    assert tagged(sentence, spans) == ["B-PER", "B-PER"]


def test_each_text_is_timed_alone() -> None:
    asked: list[Sequence[str]] = []

    def extract(texts: Sequence[str]) -> list[list[Span]]:
        asked.append(texts)
        return [[] for _ in texts]

    assert p50_ms(extract, ["a", "b"]) > 0
    assert asked == [["a"], ["b"]]
