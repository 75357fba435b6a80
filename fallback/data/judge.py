"""Measures the fallback on tagged sentences, beside a naive rule: the tables of docs/fallback.md.

    python -m fallback.data.judge FILE.jsonl …      # seqeval must be installed

Prints one JSON object a line: strict micro F1, precision and recall of both on each file, then, for each band of
scores, how often its spans were right.
"""

import json
import re
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path

from seqeval.metrics import f1_score, precision_score, recall_score
from seqeval.scheme import IOB2

from fallback.data.corpus import Mention, Sentence, sentences
from fallback.extract import extract
from fallback.lexicon import lexicon
from summit_inference.spans import Span

BANDS = 10
TITLE_CASE = re.compile(r"[A-Z][\w.&'\u2019-]*(?: [A-Z][\w.&'\u2019-]*)*")
COMPANY = re.compile(r"\b(?:Inc|Corp|Ltd|Co|Group|Bank|University|Party|Ministry|Association|Council|FC)\b|^[A-Z]{2,}$")

TELLING = {
    "whole": ("country", "metropolis", "city", "region", "place", "organisation", "company", "person"),
    "last word": ("legal_form", "org_end", "place_end"),
    "first word": ("given", "title", "org_head", "place_head"),
}
"""The classes by which `evidence` groups spans, the surest first."""

Rule = Callable[[str], list[Span]]


def title_case(text: str) -> list[Span]:
    """The naive rule: capitalised words in a row are a name, and its length and a few words tell the label."""
    return [
        Span(match.group(), label_by_form(match.group()), *match.span(), score=1.0)
        for match in TITLE_CASE.finditer(text)
        if not opens_sentence(text, match)
    ]


def opens_sentence(text: str, match: re.Match[str]) -> bool:
    """Whether a single capitalised word is the first of its sentence, where a capital says nothing."""
    return " " not in match.group() and (not match.start() or text[: match.start()].rstrip()[-1:] in ".!?:")


def label_by_form(name: str) -> str:
    if COMPANY.search(name):
        return "ORG"
    return "PER" if " " in name else "LOC"


def mentions(row: Sentence, spans: Iterable[Span]) -> list[Mention]:
    return [(*row.tokens_under(span.start, span.end), span.label) for span in spans]


def strict(rows: list[Sentence], rule: Rule) -> dict[str, float]:
    truth = [row.tags for row in rows]
    found = [row.tags_of(mentions(row, rule(row.text))) for row in rows]
    measures = {"f1": f1_score, "precision": precision_score, "recall": recall_score}
    return {
        name: round(100 * float(measure(truth, found, mode="strict", scheme=IOB2, zero_division=0)), 1)
        for name, measure in measures.items()
    }


def verdicts(rows: list[Sentence], rule: Rule) -> list[tuple[Span, bool]]:
    """Every span that the rule finds, and whether exactly it is tagged."""
    return [
        (span, mention in row.mentions())
        for row in rows
        for span, mention in ((span, mentions(row, [span])[0]) for span in rule(row.text))
    ]


def shares(judged: Iterable[tuple[Span, bool]], group: Callable[[Span], str]) -> list[dict[str, object]]:
    """For each group of spans: how many, their mean score, and the share that was right."""
    groups: defaultdict[str, list[tuple[float, bool]]] = defaultdict(list)
    for span, is_right in judged:
        groups[group(span)].append((span.score, is_right))
    return [
        {"group": name, "spans": len(each), "score": mean(s for s, _ in each), "right": mean(r for _, r in each)}
        for name, each in sorted(groups.items())
    ]


def band(span: Span) -> str:
    return f"score from {min(int(span.score * BANDS), BANDS - 1) / BANDS}"


def evidence(span: Span) -> str:
    """The label, and what the lists say of the name as a whole, of its last and of its first word."""
    words = span.text.lower().split()
    listed = lexicon()
    looked_at = {
        "whole": span.text.lower(),
        "last word": words[-1].removesuffix("."),
        "first word": words[0].removesuffix("."),
    }
    for where, phrase in looked_at.items():
        for name in TELLING[where]:
            if name in listed.get(phrase, "").split("+"):
                return f"{span.label}, {where} {name}"
    return f"{span.label}, " + ("one word" if len(words) == 1 else "several words")


def mean(values: Iterable[float]) -> float:
    listed = list(values)
    return round(sum(listed) / len(listed), 3)


def main() -> None:
    everything = []
    for path in map(Path, sys.argv[1:]):
        rows = sentences(path)
        everything += verdicts(rows, extract)
        for name, rule in (("title case", title_case), ("fallback", extract)):
            print(json.dumps({"file": path.stem, "rule": name, **strict(rows, rule)}))  # noqa: T201
    for share in (*shares(everything, band), *shares(everything, evidence)):
        print(json.dumps(share))  # noqa: T201


if __name__ == "__main__":
    main()
