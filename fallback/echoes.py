"""Echoes: what a name that was told apart once says about shorter mentions of it elsewhere in the document.

"Angela Merkel" makes "Merkel" a person, "Acme Robotics Inc." makes "Acme Robotics" and "Acme" organisations, and
"Global Fishing Forum" makes "GFF" one.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from fallback.candidates import Candidate, Choice
from fallback.lexicon import Lexicon
from fallback.reading import Reading
from summit_inference.spans import LABELS

SURE = 0.5
"""How probable a name must be to have echoes."""

GAIN = 2.0
"""What an echo counts, in log-odds; chosen on development documents (docs/fallback.md)."""

SHORTEST_ACRONYM = 3
ORDINARY_LIST = """
    calendar common demonym direction legal_form org_end org_head particle place_head role title
"""
ORDINARY = frozenset(ORDINARY_LIST.split())


@dataclass(frozen=True, slots=True)
class Echoes:
    """`labels`: phrase in lower case → index in LABELS of what it is a shorter form of.

    `beginnings` are the first words of those phrases, `sources` the first tokens of the names that have echoes.
    """

    labels: dict[str, int]
    beginnings: frozenset[str]
    sources: frozenset[int]


def echoes(reading: Reading, choices: Iterable[Choice], lexicon: Lexicon) -> Echoes | None:
    """The shorter forms of the names that were told apart; of two names that share a form, the longer one counts."""
    sure = sorted((c for c in choices if c.score >= SURE), key=lambda c: c.candidate.end - c.candidate.start)
    labels = {
        form: LABELS.index(choice.label)
        for choice in sure
        for form in forms(reading, choice)
        if not is_ordinary(lexicon.get(form, ""))
    }
    if not labels:
        return None
    beginnings = frozenset(form.partition(" ")[0] for form in labels)
    return Echoes(labels, beginnings, frozenset(choice.candidate.start for choice in sure))


def forms(reading: Reading, choice: Choice) -> list[str]:
    """The whole name, and what else a writer may call the same thing later on."""
    at = slice(choice.candidate.start, choice.candidate.end)
    words = reading.lowers[at]
    if choice.label == "PER":
        return [" ".join(words), words[-1], words[0]]
    if choice.label == "ORG":
        initials = "".join(word[0] for word in reading.words[at] if word[0].isupper()).lower()
        beginnings = [" ".join(words[:length]) for length in range(len(words), 0, -1)]
        return [*beginnings, initials] if len(initials) >= SHORTEST_ACRONYM else beginnings
    return [" ".join(words)]


def is_ordinary(classes: str) -> bool:
    """Whether a word says too little by itself to be known again."""
    return not ORDINARY.isdisjoint(classes.split("+"))


def heard(reading: Reading, run: range, candidates: list[Candidate], known: Echoes) -> list[Candidate] | None:
    """The candidates of a run, those that echo a name raised; nothing if none does. No name echoes itself."""
    if known.beginnings.isdisjoint(reading.lowers[run.start : run.stop]):
        return None
    echoing = [echoed(reading, candidate, known) for candidate in candidates]
    if all(label is None for label in echoing):
        return None
    return [raised(candidate, label) for candidate, label in zip(candidates, echoing, strict=True)]


def echoed(reading: Reading, candidate: Candidate, known: Echoes) -> int | None:
    """The label, by index, of the name elsewhere that the candidate is a shorter form of."""
    start, end, _ = candidate
    if reading.lowers[start] not in known.beginnings or start in known.sources:
        return None
    return known.labels.get(" ".join(reading.lowers[start:end]))


def raised(candidate: Candidate, label: int | None) -> Candidate:
    if label is None:
        return candidate
    per, org, loc = (odds + GAIN if index == label else odds for index, odds in enumerate(candidate.odds))
    return candidate._replace(odds=(per, org, loc))
