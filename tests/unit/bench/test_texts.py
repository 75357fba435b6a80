"""The texts of the benchmark are what its page says of them."""

import statistics

import pytest

from bench.texts import COUNT, LONGEST_TOKENS, SHORTEST_TOKENS, texts
from training.base import installed_base
from transformers_stage.tokenizer import Tokenizer

TEXTS = texts()
_FRAME_TOKENS = 2


@pytest.fixture(scope="module")
def lengths() -> list[int]:
    """Tokens of each text, as the shipped model counts them, special tokens included."""
    return [len(encoding) + _FRAME_TOKENS for encoding in Tokenizer.load(installed_base()).encode(TEXTS)]


def test_they_are_the_same_every_time() -> None:
    assert texts(10) == TEXTS[:10]
    assert len(set(TEXTS)) > 0.99 * COUNT


def test_their_lengths_in_tokens_are_log_normal(lengths: list[int]) -> None:
    ordered = sorted(lengths)
    assert statistics.mean(ordered) == pytest.approx(36, abs=1.5)
    assert statistics.median(ordered) == pytest.approx(27, abs=1.5)
    assert ordered[int(0.95 * COUNT)] == pytest.approx(96, abs=8)


def test_no_text_is_shorter_or_longer_than_was_said(lengths: list[int]) -> None:
    assert min(lengths) >= SHORTEST_TOKENS
    assert max(lengths) <= LONGEST_TOKENS


@pytest.mark.parametrize("text", TEXTS[:20])
def test_a_text_is_made_of_sentences(text: str) -> None:
    assert text[0].isupper()
    assert text.endswith(".")
    assert ".." not in text
