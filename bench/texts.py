"""The texts of every benchmark: 2,000, made from the words below, always the same, so that no data set is needed.

Lengths are log-normal, as measured on mixed texts: mean 36 tokens, median 27, p95 96, at most 221. Every word, and every
full stop, is one token of the shipped model's vocabulary, so a text has the length that was drawn for it.
"""

import math
import random
from collections.abc import Iterator

COUNT = 2_000
MEDIAN_TOKENS, SPREAD = 27, 0.78
SHORTEST_TOKENS, LONGEST_TOKENS = 4, 221
_FRAME_TOKENS = 2  # [CLS] and [SEP]
_SENTENCE_WORDS = (6, 18)
_NAMED_SHARE = 0.12  # of words

_WORDS = """
    the of and to in was for on as with by at from it an be is are were has had this that which not but their its after
    before during between under over through about into against more most other some many several first second last new
    old early late small large long short high low public private national local general special common major recent
    current former young great good important possible report plan meeting company government city country people family
    house street river mountain road school church market bank office court police army team group party member leader
    director minister president manager teacher doctor writer artist player coach judge editor year month week day night
    morning evening summer winter time century part place area region side end line work study book paper letter story
    film song music game match season award prize record number price cost value rate share percent money oil water
    energy food health system service program project policy law right case decision agreement support control change
    growth increase loss result effect reason question answer problem issue interest view idea fact example history
    future said told asked announced reported agreed decided signed opened closed moved returned arrived left joined
    began ended won lost made took gave found kept held sold bought built led wrote played worked lived met visited
    planned expected called named known seen used based
""".split()
_NAMES = """
    Angela John Mary Peter Anna David Maria Robert Michael Sarah Thomas Laura James Emma Daniel Julia Smith Johnson Brown
    Wilson Taylor Anderson Martin Thompson Clark Lewis Walker Parker Evans Collins Morgan Murphy Bennett Foster
    Berlin Paris London Madrid Rome Vienna Moscow Tokyo Beijing Chicago Boston Toronto Sydney Dublin Cairo Athens Germany
    France Spain Italy Austria Russia Japan China Canada Australia Ireland Egypt Greece Poland Norway Sweden Brazil Mexico
    Microsoft Google Siemens Toyota Sony Boeing Intel Reuters Samsung Nokia Volkswagen UNESCO NATO Harvard Oxford
""".split()


def texts(count: int = COUNT, seed: int = 0) -> list[str]:
    """The first `count` texts."""
    draw = random.Random(seed)  # noqa: S311 - texts, not secrets
    return [_text(draw, _tokens(draw)) for _ in range(count)]


def _tokens(draw: random.Random) -> int:
    drawn = round(math.exp(draw.gauss(math.log(MEDIAN_TOKENS), SPREAD)))
    return min(LONGEST_TOKENS, max(SHORTEST_TOKENS, drawn))


def _text(draw: random.Random, tokens: int) -> str:
    return " ".join(_sentences(draw, tokens - _FRAME_TOKENS))


def _sentences(draw: random.Random, tokens: int) -> Iterator[str]:
    """Sentences of `tokens` words and full stops together, at least 2."""
    while tokens:
        words = min(draw.randint(*_SENTENCE_WORDS), tokens - 1)
        if words + 2 == tokens:  # the last one would be a full stop alone
            words -= 1
        chosen = [draw.choice(_NAMES if draw.random() < _NAMED_SHARE else _WORDS) for _ in range(words)]
        yield " ".join([chosen[0][0].upper() + chosen[0][1:], *chosen[1:]]) + "."
        tokens -= words + 1
