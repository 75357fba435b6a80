import pytest

from transformers_stage.case_classes import CaseClass, case_class


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("…", CaseClass.NO_LETTERS),
        ("", CaseClass.NO_LETTERS),
        ("1984", CaseClass.DIGITS),
        ("3.5%", CaseClass.DIGITS),
        ("house", CaseClass.LOWER),
        ("NATO", CaseClass.UPPER),
        ("U.S.", CaseClass.UPPER),
        ("Berlin", CaseClass.TITLE),
        ("Élysée", CaseClass.TITLE),
        ("iPhone", CaseClass.MIXED),
        ("McDonald", CaseClass.MIXED),
        pytest.param("北京", CaseClass.LOWER, id="a script without case"),
    ],
)
def test_a_word_has_the_class_of_its_letters(word: str, expected: CaseClass) -> None:
    assert case_class(word) is expected
