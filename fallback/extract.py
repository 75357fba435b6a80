"""`extract`: the entities of a text by rules alone, for callers who get no answer from the model.

The gateway calls it in its own process. It knows no engine, keeps nothing of the text, and takes time in proportion
to the text's length, whatever is in it.
"""

from itertools import chain

from fallback.candidates import Choice, chosen
from fallback.echoes import echoes, heard
from fallback.lexicon import lexicon
from fallback.reading import Reading, read
from fallback.scale import scale
from summit_inference.spans import Span, without_overlaps

AT_LEAST = 0.4
"""A name less probable than this is not reported; chosen on development texts (docs/fallback.md)."""


def extract(text: str) -> list[Span]:
    """The people, organisations and places that the rules find, in text order and without overlaps.

    A span's `score` is the probability that exactly this stretch carries this label, as measured on development texts.
    """
    words = lexicon()
    reading = read(text, words)
    runs = [(run, scale().candidates(reading, run)) for run in reading.runs()]
    found = [chosen(run, candidates, AT_LEAST) for run, candidates in runs]
    known = echoes(reading, chain.from_iterable(found), words)
    if known:
        again = (heard(reading, run, candidates, known) for run, candidates in runs)
        found = [
            chosen(run, new, AT_LEAST) if new else old for (run, _), old, new in zip(runs, found, again, strict=True)
        ]
    return without_overlaps(span(text, reading, choice) for choice in chain.from_iterable(found))


def span(text: str, reading: Reading, choice: Choice) -> Span:
    start, end = reading.starts[choice.candidate.start], reading.end(choice.candidate.end - 1)
    return Span(text[start:end], choice.label, start, end, round(choice.score, 3))
