"""`extract`: the entities of a text by rules alone, for callers who get no answer from the model.

The gateway calls it in its own process, and `app` behind a port. It knows no engine, keeps nothing of the text, and takes time
in proportion to the text's length, whatever is in it.
"""

from fallback.candidates import Candidate, Choice, chosen
from fallback.echoes import echoes, heard
from fallback.lexicon import lexicon
from fallback.reading import Reading, read
from fallback.scale import Scale
from fallback.weights import weights
from summit_inference.spans import Span, without_overlaps

AT_LEAST = 0.4
"""A name less probable than this is not reported; chosen on development texts (docs/fallback.md)."""


def extract(text: str) -> list[Span]:
    """The people, organisations and places that the rules find, in text order and without overlaps.

    A span's `score` is the probability that exactly this stretch carries this label, as measured on development texts.
    """
    words = lexicon()
    reading = read(text, words)
    scale = Scale(reading, words, weights())
    runs = [(run, scale.candidates(run)) for run in reading.runs()]
    choices = [choice for run, candidates in runs for choice in chosen(run, candidates, AT_LEAST)]
    known = echoes(reading, choices, words)
    if known:
        again = [(run, heard(reading, candidates, known)) for run, candidates in runs]
        choices = [choice for run, candidates in again for choice in chosen(run, candidates, AT_LEAST)]
    return without_overlaps(span(text, reading, choice) for choice in choices)


def span(text: str, reading: Reading, choice: Choice) -> Span:
    start, end = reading.starts[choice.candidate.start], reading.end(choice.candidate.end - 1)
    return Span(text[start:end], choice.label, start, end, round(choice.score, 3))
