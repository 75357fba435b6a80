from random import Random

from training.gazetteers import gazetteer


def test_people_have_two_names_and_places_are_as_on_a_map() -> None:
    names = gazetteer(3000, Random(1))
    assert all(len(name) == 2 and all(word.istitle() for word in name) for name in names["PER"])
    assert {("Germany",), ("New", "Zealand")} <= set(names["LOC"])
    assert len(names["LOC"]) == len(names["PER"]) == 3000


def test_a_seed_gives_one_list() -> None:
    assert gazetteer(5, Random(1)) == gazetteer(5, Random(1))
