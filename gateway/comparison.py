"""Two versions' answers to one text, compared span by span. Pure.

A better model must disagree with a worse one: a difference is evidence for people, and no fault.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from summit_inference.spans import Span


@dataclass(frozen=True, slots=True)
class Difference:
    """How the copy's answer differs from the one that the caller got, in spans."""

    common: int
    """Same place, same label."""
    missing: int
    """The caller got it, the copy's answer lacks it."""
    added: int
    """The copy's answer has it, the caller did not get it."""
    label_flips: int
    """Same place, another label."""

    @property
    def is_none(self) -> bool:
        """Whether both answers say the same."""
        return not (self.missing or self.added or self.label_flips)


def difference(live: Sequence[Span], copy: Sequence[Span]) -> Difference:
    """Of the answers to one text. Scores are not compared: two versions are not calibrated alike."""
    ours = {(span.start, span.end): span.label for span in live}
    theirs = {(span.start, span.end): span.label for span in copy}
    both = ours.keys() & theirs.keys()
    common = sum(ours[place] == theirs[place] for place in both)
    return Difference(common, len(ours) - len(both), len(theirs) - len(both), len(both) - common)
