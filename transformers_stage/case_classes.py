"""How a word is written, as one of six classes.

The base encoder's vocabulary is lower-cased, which throws away the best clue to a name. The classes bring it back as
the tokens' `token_type_ids`, so the published model stays a standard one with `type_vocab_size = 6`. Training and
serving both call this; a change here asks for a new training run.
"""

from enum import IntEnum


class CaseClass(IntEnum):
    """The row of the token-type embedding that a word's tokens get. Row 0 is also that of special tokens."""

    NO_LETTERS = 0
    DIGITS = 1
    LOWER = 2
    UPPER = 3
    TITLE = 4
    MIXED = 5


def case_class(word: str) -> CaseClass:
    """The class of a word; characters that are neither letters nor digits do not count."""
    letters = word if word.isalpha() else "".join(filter(str.isalpha, word))
    if not letters:
        return CaseClass.DIGITS if any(map(str.isdigit, word)) else CaseClass.NO_LETTERS
    if letters.islower():
        return CaseClass.LOWER
    if letters.isupper():
        return CaseClass.UPPER
    if letters[0].isupper() and letters[1:].islower():
        return CaseClass.TITLE
    return CaseClass.MIXED if letters.lower() != letters.upper() else CaseClass.LOWER
