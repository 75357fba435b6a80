from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from summit_inference.spans import Span, in_utf16, without_overlaps


def _span(start: int, end: int, score: float = 0.5, label: str = "PER") -> Span:
    return Span("x" * (end - start), label, start, end, score)


def test_of_two_that_overlap_the_longer_stays() -> None:
    assert without_overlaps([_span(0, 3), _span(2, 8)]) == [_span(2, 8)]


def test_of_two_as_long_the_surer_stays() -> None:
    assert without_overlaps([_span(0, 3, 0.4), _span(2, 5, 0.9)]) == [_span(2, 5, 0.9)]


def test_neighbours_do_not_overlap() -> None:
    assert without_overlaps([_span(3, 5), _span(0, 3)]) == [_span(0, 3), _span(3, 5)]


@given(st.lists(st.builds(lambda a, n, s: _span(a, a + n, s), st.integers(0, 40), st.integers(1, 9), st.floats(0, 1))))
def test_what_stays_is_ordered_and_apart_and_nothing_else_fits(spans: list[Span]) -> None:
    kept = without_overlaps(spans)
    assert all(left.end <= right.start for left, right in pairwise(kept))
    for span in spans:
        assert any(span.start < other.end and other.start < span.end for other in kept)


@given(st.text(max_size=60), st.data())
def test_utf16_offsets_cut_the_same_text_out_of_its_utf16_form(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    (moved,) = in_utf16(text, [Span(text[start:end], "PER", start, end, 1)])
    units = text.encode("utf-16-le", "surrogatepass")
    assert units[2 * moved.start : 2 * moved.end].decode("utf-16-le", "surrogatepass") == text[start:end]
