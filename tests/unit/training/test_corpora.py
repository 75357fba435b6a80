from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from summit_inference.errors import ConfigurationError
from summit_inference.spans import Span
from training.corpora import BTC, TAGS, UNER, WIKIGOLD, Sentence, read, split, word_starts, written

WORDS = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=5)


def sentence(text: str, tags: str) -> Sentence:
    return Sentence(tuple(text.split()), tuple(tags.split()))


@pytest.mark.parametrize(
    ("tags", "mentions"),
    [
        pytest.param("O O O", [], id="no mention"),
        pytest.param("B-PER I-PER O", [(0, 2, "PER")], id="two words"),
        pytest.param("B-PER B-PER O", [(0, 1, "PER"), (1, 2, "PER")], id="side by side"),
        pytest.param("O B-LOC B-ORG", [(1, 2, "LOC"), (2, 3, "ORG")], id="up to the end"),
    ],
)
def test_mentions_are_runs_that_a_begin_tag_opens(tags: str, mentions: list[tuple[int, int, str]]) -> None:
    assert list(sentence("a b c", tags).mentions()) == mentions


def test_a_sentence_is_written_with_its_spans_in_place() -> None:
    example = written(sentence("Ann 's Lisbon flat", "B-PER O B-LOC O"), glued=frozenset([1]))
    assert example.text == "Ann's Lisbon flat"
    assert example.spans == (Span("Ann", "PER", 0, 3, 1.0), Span("Lisbon", "LOC", 6, 12, 1.0))


@given(st.lists(st.tuples(WORDS, st.sampled_from([t for t in TAGS if not t.startswith("I")])), min_size=1), st.data())
def test_every_span_is_the_text_that_it_points_at(pairs: list[tuple[str, str]], data: st.DataObject) -> None:
    glued = frozenset(data.draw(st.sets(st.integers(0, len(pairs)))))
    words, tags = zip(*pairs, strict=True)
    example = written(Sentence(words, tags), glued)
    assert all(example.text[span.start : span.end] == span.text for span in example.spans)
    assert [example.text[at : at + len(w)] for at, w in zip(word_starts(words, glued), words, strict=True)] == [*words]


def test_wikigolds_dev_split_is_the_end_of_its_train_file(corpora_directory: Path) -> None:
    everything = read(corpora_directory / "wikigold_train.jsonl")
    train, dev = split(corpora_directory, WIKIGOLD, "train"), split(corpora_directory, WIKIGOLD, "dev")
    assert train + dev == everything
    assert len(train) == int(len(everything) * 0.85)


def test_the_corpus_that_we_only_judge_on_has_no_train_split(corpora_directory: Path) -> None:
    with pytest.raises(ConfigurationError, match="choose from dev"):
        split(corpora_directory, UNER, "train")


def test_a_missing_corpus_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"btc_train\.jsonl"):
        split(tmp_path, BTC, "train")


@pytest.mark.parametrize(
    "line",
    [
        pytest.param("{", id="no JSON"),
        pytest.param('{"tokens": ["a"]}', id="no tags"),
        pytest.param('{"tokens": ["a"], "tags": []}', id="a word without a tag"),
        pytest.param('{"tokens": ["a"], "tags": ["B-MISC"]}', id="a label that no model knows"),
    ],
)
def test_a_bad_line_is_named_by_its_number(tmp_path: Path, line: str) -> None:
    (tmp_path / "x.jsonl").write_text('{"tokens": ["a"], "tags": ["O"]}\n' + line, encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"x\.jsonl, line 2"):
        read(tmp_path / "x.jsonl")
