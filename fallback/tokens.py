"""Tokens: the words and marks of a text, each with where it starts. Knows no word lists."""

import re

TOKEN = re.compile(
    r"""
      [^\W\d_]{2,}+ (?![\w.'\u2019&\u2010\u2013:-])      # most words: nothing follows that could belong to them
    | https?://\S+ | www\.\S+                         # a link is one token and never a name
    | ['\u2019]s\b                                    # the possessive stands alone: Merkel|'s
    | (?:[A-Z]\.){1,9} [A-Z]\b \.?                    # U.S.  J.R.R.; bounded, so that A.A.A.… stays linear
    | (?:St|Mr|Mrs|Ms|Dr|Jr|Sr|Prof|Gen|Col|Sgt|Lt|Capt|Gov|Sen|Rep|Rev|Hon|Mt|Ft|Inc|Corp|Ltd|Co|Bros|Dept|Univ)\.
    | [A-Z]\. (?=\s?[A-Z])                            # an initial: Harry S. Truman
    | @\w+                                           # who a tweet is for is no name
    | [^\W_]+ (?:                                    # O'Brien  Jean-Paul  AT&T, but London|-|based
        (?: ['\u2019](?!s\b) | [-\u2010\u2013&.](?![a-z]) ) [^\W_]+
      )*+
    | \.\.+ | [^\w\s] | _
    | \n[^\S\n]*+\n | (?<![^\n]{60})\n                # a blank line; the end of a short line: a heading, an item
    """,
    re.VERBOSE,
)


def tokens(text: str) -> tuple[list[str], list[int]]:
    """(the tokens, their first code points); of white space, only ends of paragraphs and of short lines are tokens."""
    matches = list(TOKEN.finditer(text))
    return [match[0] for match in matches], [match.start() for match in matches]
