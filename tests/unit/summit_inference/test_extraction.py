import pytest
from pydantic import ValidationError

from summit_inference.extraction import ExtractRequest, TextResult
from summit_inference.spans import Span


def test_one_text_or_a_list_is_a_request() -> None:
    assert ExtractRequest.model_validate({"text": ""}).all_texts() == [""]
    assert ExtractRequest.model_validate({"texts": ["a", "b"], "more": 1}).all_texts() == ["a", "b"]
    assert ExtractRequest.model_validate({"texts": []}).all_texts() == []


@pytest.mark.parametrize("body", [{}, {"text": "a", "texts": ["b"]}, {"text": None}])
def test_neither_or_both_is_none(body: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match="either 'text', a string, or 'texts'"):
        ExtractRequest.model_validate(body)


def test_entities_are_each_once_in_the_order_of_their_first_mention() -> None:
    spans = [Span("Bonn", "LOC", 0, 4, 0.5), Span("Ada", "PER", 8, 11, 0.9), Span("Bonn", "LOC", 20, 24, 0.6)]
    result = TextResult.of(spans)
    assert result.entities == ["Bonn", "Ada"]
    assert [span.start for span in result.spans] == [0, 8, 20]
