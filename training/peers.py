"""Other extractors that the shipped models are compared with. None of them is a dependency: install one to compare.

spaCy's types in ours: PERSON → PER; ORG; GPE, LOC and FAC → LOC; a leading "the" is not part of the name.
"""

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from summit_inference.errors import ConfigurationError
from summit_inference.spans import Span
from training.evaluate import Extract

_LABELS = {"PERSON": "PER", "ORG": "ORG", "GPE": "LOC", "LOC": "LOC", "FAC": "LOC"}
_ARTICLE = "the "


def spacy_pipeline(model: str | Path) -> Extract:
    """The extract function of an installed spaCy pipeline, by its name or its directory.

    Raises:
        ConfigurationError: spaCy or the pipeline is not installed.
    """
    try:
        nlp = import_module("spacy").load(model, exclude=["parser", "lemmatizer", "textcat"])
    except (ImportError, OSError) as error:
        raise ConfigurationError(f"Cannot load the spaCy pipeline {model}: install spacy and the pipeline.") from error

    def extract(texts: Sequence[str]) -> list[list[Span]]:
        return [
            [span for e in document.ents if (span := in_our_labels(e.text, e.label_, e.start_char)) is not None]
            for document in nlp.pipe(texts)
        ]

    return extract


def in_our_labels(text: str, label: str, start: int) -> Span | None:
    """A mention of spaCy's as one of ours; None where we have no label for it."""
    if label not in _LABELS:
        return None
    cut = len(_ARTICLE) if text.lower().startswith(_ARTICLE) else 0
    return Span(text[cut:], _LABELS[label], start + cut, start + len(text), score=1.0)
