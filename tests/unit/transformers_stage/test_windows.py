from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from transformers_stage.windows import TokenLabels, Window, merge, windows


def test_a_text_that_fits_is_one_window() -> None:
    assert windows(8, window_tokens=8, overlap_tokens=4) == [Window(0, 8)]


def test_the_last_window_reaches_back_to_its_full_length() -> None:
    assert windows(9, window_tokens=8, overlap_tokens=4) == [Window(0, 8), Window(1, 9)]


def test_an_overlap_as_long_as_the_window_is_refused() -> None:
    with pytest.raises(ValueError, match="less than"):
        windows(9, window_tokens=4, overlap_tokens=4)


@given(st.integers(1, 3000), st.integers(2, 300), st.data())
def test_windows_cover_every_token_and_overlap_by_what_was_asked(count: int, size: int, data: st.DataObject) -> None:
    overlap = data.draw(st.integers(0, size - 1))
    cuts = windows(count, window_tokens=size, overlap_tokens=overlap)
    assert cuts[0].start == 0
    assert cuts[-1].end == count
    assert all(len(cut) <= size for cut in cuts)
    for left, right in pairwise(cuts):
        assert left.start < right.start
        assert left.end - right.start >= overlap


def _labels(window: Window, mark: int) -> tuple[Window, TokenLabels]:
    return window, TokenLabels(np.full(len(window), mark, np.int32), np.full(len(window), mark, np.float32))


def test_where_windows_overlap_the_one_with_more_context_wins() -> None:
    merged = merge([_labels(Window(0, 8), 1), _labels(Window(4, 12), 2)])
    assert merged.label_ids.tolist() == [1] * 6 + [2] * 6


@given(st.integers(1, 150), st.integers(2, 40), st.data())
def test_merging_what_every_window_says_of_each_token_gives_it_back(count: int, size: int, data: st.DataObject) -> None:
    overlap = data.draw(st.integers(0, size - 1))
    whole = np.arange(count, dtype=np.int32)
    parts = [
        (cut, TokenLabels(whole[cut.start : cut.end], whole[cut.start : cut.end].astype(np.float32)))
        for cut in windows(count, window_tokens=size, overlap_tokens=overlap)
    ]
    merged = merge(parts)
    assert merged.label_ids.tolist() == whole.tolist()
    assert merged.scores.tolist() == whole.tolist()


@given(st.integers(20, 150), st.integers(8, 40))
def test_no_token_is_taken_from_the_edge_of_a_window_that_another_sees_deeper(count: int, size: int) -> None:
    cuts = windows(count, window_tokens=size, overlap_tokens=size // 2)
    merged = merge([_labels(cut, mark) for mark, cut in enumerate(cuts)])
    for token, mark in enumerate(merged.label_ids.tolist()):
        depth = [_depth(cut, token, count) for cut in cuts]
        assert depth[mark] >= max(depth) - 1  # the middle token of an even overlap may go either way


def _depth(cut: Window, token: int, count: int) -> int:
    """Tokens of context on the worse side; a text's own edge is no lack of it."""
    if not cut.start <= token < cut.end:
        return -1
    before = token - cut.start if cut.start else count
    after = cut.end - 1 - token if cut.end < count else count
    return min(before, after)
