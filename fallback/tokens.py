"""Tokens: the words and marks of a text, each with where it starts. Knows no word lists."""

import re

TOKEN = re.compile(
    r"""
      [^\W\d_]{2,}+(?![\w.'’&‐–:-])              # most words: nothing follows that could belong to them
    | https?://\S+ | www\.\S+                     # a link is one token and never a name
    | ['’]s\b                                     # the possessive stands alone: Merkel|'s
    | (?:[A-Z]\.){1,9}[A-Z]\b\.?                  # U.S.  J.R.R.; bounded, so that A.A.A.… stays linear
    | (?:St|Mr|Mrs|Ms|Dr|Jr|Sr|Prof|Gen|Col|Sgt|Lt|Capt|Gov|Sen|Rep|Rev|Hon|Mt|Ft|Inc|Corp|Ltd|Co|Bros|Dept|Univ)\.
    | [A-Z]\.(?=\s?[A-Z])                         # an initial: Harry S. Truman
    | @\w+                                        # who a tweet is for is no name
    | [^\W_]+(?:(?:['’](?!s\b)|[-‐–&.](?![a-z]))[^\W_]+)*+   # O'Brien  Jean-Paul  AT&T; but London|-|based
    | \.\.+ | [^\w\s] | _
    | \n[^\S\n]*+\n | (?<![^\n]{60})\n            # a blank line, and the end of a short line: a heading, a list's item
    """,
    re.VERBOSE,
)


def tokens(text: str) -> list[tuple[str, int]]:
    """(token, its first code point) in text order; of spaces, only the ends of paragraphs and of short lines are tokens."""
    return [(match.group(), match.start()) for match in TOKEN.finditer(text)]
