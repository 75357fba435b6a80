import numpy as np
import pytest

from summit_inference.spans import Span
from transformers_stage.bio import TagSet
from transformers_stage.tokenizer import Encoding
from transformers_stage.windows import TokenLabels

NAMES = ["O", "B-PER", "I-PER", "B-ORG", "I-ORG", "B-LOC", "I-LOC"]
TAGS = TagSet(dict(enumerate(NAMES)))


def _read(tags: TagSet, names: list[str], text: str, labels: str, scores: list[float] | None = None) -> list[Span]:
    """One token a blank-separated word; a word that begins with `##` goes on with the word before it."""
    tokens, starts, ends, at = text.split(), [], [], 0
    for token in tokens:
        starts.append(at)
        at += len(token.removeprefix("##"))
        ends.append(at)
        at += 1
    encoding = Encoding(
        ids=np.zeros(len(tokens), np.int64),
        starts=np.asarray(starts),
        ends=np.asarray(ends),
        is_word_start=np.asarray([not token.startswith("##") for token in tokens]),
        token_type_ids=None,
    )
    ids = np.asarray([names.index(name) for name in labels.split()], np.int32)
    values = np.asarray(scores or [1.0] * len(tokens), np.float32)
    return tags.spans(text, encoding, TokenLabels(ids, values))


@pytest.mark.parametrize(
    ("text", "labels", "expected"),
    [
        pytest.param("we saw nothing", "O O O", [], id="nothing is nothing"),
        pytest.param("Ada Lovelace wrote", "B-PER I-PER O", [("Ada Lovelace", "PER")], id="B and I make one mention"),
        pytest.param("in Lovelace wrote", "O I-PER O", [("Lovelace", "PER")], id="a sure I starts a mention"),
        pytest.param("Ada Berlin", "B-PER B-LOC", [("Ada", "PER"), ("Berlin", "LOC")], id="another label ends one"),
        pytest.param("Ada Bob", "B-PER B-PER", [("Ada", "PER"), ("Bob", "PER")], id="a B starts anew beside its like"),
        pytest.param(
            "Ada Inc Ltd", "B-PER I-ORG I-ORG", [("Ada Inc Ltd", "ORG")], id="an I goes on, whatever its label"
        ),
        pytest.param("Ada and Bob", "B-PER O I-PER", [("Ada", "PER"), ("Bob", "PER")], id="an O between parts them"),
        pytest.param("go to Bonn", "O O B-LOC", [("Bonn", "LOC")], id="a mention may end the text"),
    ],
)
def test_tags_make_mentions(text: str, labels: str, expected: list[tuple[str, str]]) -> None:
    spans = _read(TAGS, NAMES, text, labels)
    assert [(span.text, span.label) for span in spans] == expected
    assert all(text[span.start : span.end] == span.text for span in spans)


def test_an_unsure_i_that_follows_no_mention_is_none() -> None:
    labels, scores = "I-PER I-PER O B-LOC O I-LOC", [0.6, 0.8, 1.0, 0.6, 1.0, 0.89]
    assert [span.text for span in _read(TAGS, NAMES, "of Ada in Bonn by Rhine", labels, scores)] == ["Bonn"]


def test_an_unsure_i_does_not_go_on_behind_one_that_was_left_out() -> None:
    spans = _read(TAGS, NAMES, "Ada of Bob Lee", "B-PER O I-PER I-PER", [0.9, 1.0, 0.5, 0.5])
    assert [span.text for span in spans] == ["Ada"]


def test_a_words_tag_is_that_of_its_first_token_and_its_end_that_of_its_last() -> None:
    encoding = Encoding(
        ids=np.zeros(3, np.int64),
        starts=np.asarray([0, 4, 9]),
        ends=np.asarray([4, 8, 14]),
        is_word_start=np.asarray([True, False, True]),
        token_type_ids=None,
    )
    labels = TokenLabels(np.asarray([1, 0, 0], np.int32), np.asarray([0.9, 0.1, 0.8], np.float32))
    (span,) = TAGS.spans("Lovelace wrote", encoding, labels)
    assert (span.text, span.label, span.start, span.end) == ("Lovelace", "PER", 0, 8)
    assert span.score == pytest.approx(0.9)


def test_the_label_with_the_highest_sum_of_scores_wins() -> None:
    (span,) = _read(TAGS, NAMES, "Bucknell University", "B-LOC I-ORG", [0.5, 0.9])
    assert span.label == "ORG"
    assert span.score == pytest.approx(0.45)


def test_a_score_is_the_mean_of_its_words() -> None:
    (span,) = _read(TAGS, NAMES, "Ada Lovelace", "B-PER I-PER", [0.9, 0.5])
    assert span.score == pytest.approx(0.7)


def test_bare_labels_join_their_like_and_no_others() -> None:
    names = ["O", "PER", "LOC"]
    tags = TagSet(dict(enumerate(names)))
    assert tags.labels == ("PER", "LOC")
    spans = _read(tags, names, "Ada Lovelace Bonn", "PER PER LOC")
    assert [(span.text, span.label) for span in spans] == [("Ada Lovelace", "PER"), ("Bonn", "LOC")]
