import pytest

from summit_inference.errors import ConfigurationError
from summit_inference.spans import Span
from training.peers import in_our_labels, spacy_pipeline


@pytest.mark.parametrize(
    ("text", "label", "span"),
    [
        pytest.param("Ann", "PERSON", Span("Ann", "PER", 4, 7, 1.0), id="a person"),
        pytest.param("Oslo", "GPE", Span("Oslo", "LOC", 4, 8, 1.0), id="a state or a town"),
        pytest.param("the Alps", "LOC", Span("Alps", "LOC", 8, 12, 1.0), id="an article is no part of the name"),
        pytest.param("Monday", "DATE", None, id="no label of ours"),
    ],
)
def test_a_peers_labels_become_ours(text: str, label: str, span: Span | None) -> None:
    assert in_our_labels(text, label, 4) == span


def test_a_peer_that_is_not_installed_is_named() -> None:
    with pytest.raises(ConfigurationError, match="no-such-pipeline"):
        spacy_pipeline("no-such-pipeline")
