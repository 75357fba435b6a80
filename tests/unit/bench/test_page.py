"""Results in the documents."""

from xml.etree import ElementTree as ET

import pytest
from unit.bench.runs import comparison

from bench.page import drawn, filled


def test_results_take_the_place_of_those_before_and_nothing_else_changes() -> None:
    page = "# Head\n\n<!-- measured: x -->\n\nold\n\n<!-- /measured -->\n\nfoot\n"
    once = filled(page, "x", "new")
    assert once == "# Head\n\n<!-- measured: x -->\n\nnew\n\n<!-- /measured -->\n\nfoot\n"
    assert filled(once, "x", "new") == once


def test_results_go_to_the_place_of_their_benchmark() -> None:
    page = "<!-- measured: a -->\n<!-- /measured -->\n<!-- measured: b -->\n<!-- /measured -->\n"
    assert filled(page, "b", "new").startswith("<!-- measured: a -->\n<!-- /measured -->\n<!-- measured: b -->\n\nnew")


def test_a_page_without_the_place_is_refused() -> None:
    with pytest.raises(ValueError, match="measured: hop"):
        filled("# Head\n", "hop", "new")


def test_the_chart_shows_every_server() -> None:
    texts = [element.text for element in ET.fromstring(drawn(comparison(mosec=50.0))).iter()]  # noqa: S314
    assert {"mosec", "summit-inference"} <= set(texts)
