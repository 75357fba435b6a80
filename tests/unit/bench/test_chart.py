"""The chart is well-formed, and says what it is given."""

from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.chart import chart

_SVG = "{http://www.w3.org/2000/svg}"


def _bars(svg: str) -> list[ET.Element]:
    return list(ET.fromstring(svg).iter(f"{_SVG}rect"))  # noqa: S314 - our own


def test_the_longest_bar_is_on_top_and_ours_is_marked() -> None:
    bars = _bars(chart("Speed", "a note", {"peer": 50.0, "ours": 100.0}, {"ours"}, 120.0))
    assert [bar.get("class") for bar in bars] == ["ours", "peer"]
    assert float(bars[0].get("width", 0)) == pytest.approx(2 * float(bars[1].get("width", 0)), abs=0.2)


def test_names_are_escaped() -> None:
    svg = chart("a < b", "c & d", {"<script>": 1.0}, set(), 2.0)
    texts = [element.text for element in ET.fromstring(svg).iter(f"{_SVG}text")]  # noqa: S314 - our own
    assert texts[:3] == ["a < b", "c & d", "<script>"]


@settings(max_examples=30)
@given(st.dictionaries(st.text("abc ", min_size=1), st.floats(0.1, 1e4), min_size=1, max_size=14), st.floats(0.1, 1e4))
def test_everything_stays_inside_of_the_picture(values: dict[str, float], limit: float) -> None:
    svg = chart("t", "n", values, set(), limit)
    root = ET.fromstring(svg)  # noqa: S314 - our own
    width, height = (float(size) for size in root.get("viewBox", "").split()[2:])
    for bar in _bars(svg):
        assert float(bar.get("x", 0)) + float(bar.get("width", 0)) <= width
        assert float(bar.get("y", 0)) + float(bar.get("height", 0)) <= height
    (line,) = root.iter(f"{_SVG}line")
    assert float(line.get("x1", 0)) <= width
