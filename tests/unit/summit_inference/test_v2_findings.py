import pytest

from summit_inference.errors import InvalidRequest, TooLarge
from summit_inference.v2_findings import Findings


def test_nothing_is_raised_where_nothing_was_found() -> None:
    findings = Findings()
    with findings.at("inputs[0]"):
        pass
    findings.raise_any()


def test_every_finding_is_told_with_its_place() -> None:
    findings = Findings()
    for place in ("inputs[0]", "inputs[1]"):
        with findings.at(place):
            raise InvalidRequest("is wrong.")
    with pytest.raises(InvalidRequest, match=r"^inputs\[0\]: is wrong\. inputs\[1\]: is wrong\.$"):
        findings.raise_any()


def test_the_first_finding_decides_the_class() -> None:
    findings = Findings()
    with findings.at("a"):
        raise TooLarge("is large.")
    with findings.at("b"):
        raise InvalidRequest("is wrong.")
    with pytest.raises(TooLarge):
        findings.raise_any()


def test_of_many_findings_five_are_told_and_the_rest_counted() -> None:
    findings = Findings()
    for index in range(12):
        with findings.at(str(index)):
            raise InvalidRequest("is wrong.")
    with pytest.raises(InvalidRequest, match=r"4: is wrong\. There are 7 more\.$"):
        findings.raise_any()


def test_an_error_that_is_no_callers_passes() -> None:
    with pytest.raises(ZeroDivisionError), Findings().at("a"):
        raise ZeroDivisionError
