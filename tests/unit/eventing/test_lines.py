from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st

from eventing.lines import Line, LineSplitter


def split(pieces: Iterable[bytes], max_bytes: int = 100) -> list[Line]:
    splitter = LineSplitter(max_bytes)
    return [*(line for piece in pieces for line in splitter.feed(piece)), *splitter.close()]


@given(st.lists(st.binary(max_size=8) | st.sampled_from([b"\n", b"a\n", b"\n\n"])))
def test_lines_are_those_of_the_whole_however_it_is_cut(pieces: list[bytes]) -> None:
    whole = b"".join(pieces)
    expected = whole.split(b"\n")
    if not expected[-1]:
        expected.pop()
    lines = split(pieces, max_bytes=len(whole) + 1)
    assert [line.content for line in lines] == expected
    assert [line.number for line in lines] == list(range(1, len(lines) + 1))
    assert b"".join(whole[line.start : line.end] for line in lines) == whole


@given(st.integers(1, 5), st.lists(st.binary(min_size=1, max_size=30)))
def test_of_a_line_that_is_too_long_one_byte_more_than_allowed_is_kept(max_bytes: int, pieces: list[bytes]) -> None:
    kept = split(pieces, max_bytes)
    whole = split([b"".join(pieces)], 10_000)
    assert [line.content for line in kept] == [line.content[: max_bytes + 1] for line in whole]
    assert [(line.start, line.end) for line in kept] == [(line.start, line.end) for line in whole]


def test_numbers_and_places_go_on_from_where_a_stretch_begins() -> None:
    splitter = LineSplitter(10, first_number=7, start=100)
    assert list(splitter.feed(b"ab\n")) == [Line(7, 100, 103, b"ab")]


def test_spaces_and_a_carriage_return_are_a_blank_line() -> None:
    assert [line.is_blank for line in split([b" \r\n", b"\n", b"x\r\n"])] == [True, True, False]
