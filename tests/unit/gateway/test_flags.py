import pytest

from gateway.flags import Flags, flags_of, number_of
from summit_inference.errors import InvalidRequest


def test_no_entries_are_no_flags() -> None:
    assert flags_of({}) == (Flags(), {})


def test_every_flag_is_read() -> None:
    flags, faults = flags_of(
        {
            "throttle": "2.5",
            "fallback_only": "true",
            "refuse": "false",
            "disable_version:3": "true",
            "disable_version:4": "false",
            "shadow_percent": "10",
        }
    )
    assert faults == {}
    assert flags == Flags(throttle=2.5, fallback_only=True, disabled_versions=frozenset({"3"}), shadow_percent=10.0)


def test_an_entry_that_is_none_does_not_keep_the_others_from_working() -> None:
    """A switch for emergencies must work whatever else stands beside it."""
    flags, faults = flags_of({"fallback_only": "true", "throttle": "fast", "disable_version:": "true"})
    assert flags == Flags(fallback_only=True)
    assert set(faults) == {"throttle", "disable_version:"}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("throttle", "-1"),
        ("throttle", "nan"),
        ("throttle", "inf"),
        ("shadow_percent", "101"),
        ("fallback_only", "yes"),
        ("refuse", "1"),
        ("disable_version:a b", "true"),
        ("Fallback_only", "true"),
        ("throtle", "5"),
    ],
)
def test_what_is_no_flag_is_refused_with_what_would_be(name: str, text: str) -> None:
    with pytest.raises(InvalidRequest, match="flag"):
        number_of(name, text)


def test_a_throttle_of_zero_lets_nothing_through() -> None:
    assert flags_of({"throttle": "0"})[0].throttle == 0.0
