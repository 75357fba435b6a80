from fallback.clues import CLASSED
from fallback.lexicon import lexicon
from fallback.weights import parsed, parts, summed, total, weights

TABLE = "where\tseen\tPER\tORG\tLOC\nword\tcity\t-1\t0.5\t2\nword\tgiven\t1\t0\t-1\nword\tgiven+city\t0\t0\t0.25\n"


def test_a_clue_about_several_classes_stands_for_each_and_for_all() -> None:
    assert parts(("word", "given+city")) == [("word", "given"), ("word", "city"), ("word", "given+city")]


def test_a_plus_sign_in_a_text_is_no_set_of_classes() -> None:
    assert parts(("before", "c+d")) == [("before", "c+d")]


def test_weights_add_up_from_where_they_start() -> None:
    known = parsed(TABLE)
    assert total([("word", "city"), ("word", "given"), ("word", "never seen")], known, (1, 1, 1)) == (1, 1.5, 2)


def test_a_set_of_classes_counts_what_its_classes_count() -> None:
    known = summed(parsed(TABLE), {"paris": "given+city"})
    assert known["word", "given+city"] == (0, 0.5, 1.25)


def test_the_shipped_weights_know_every_set_of_classes() -> None:
    known = weights()
    assert all((where, classes) in known for where in CLASSED for classes in set(lexicon().values()))


def test_the_shipped_weights_read_as_common_sense() -> None:
    known = weights()
    assert max(known["last class", "legal_form"]) == known["last class", "legal_form"][1]
    assert max(known["first class", "given"]) == known["first class", "given"][0]
    assert max(known["word", "country"]) == known["word", "country"][2]
