"""What a version's tags say about 8 bits."""

import pytest

from predictor.rounding import F1_LOSS_TAG, MAPS_TAG, Rounding

NAMES = ("layer.0.intermediate.dense", "layer.0.output.dense", "layer.0.attention.output.dense")


@pytest.mark.parametrize(
    ("tags", "is_fit"),
    [
        pytest.param({F1_LOSS_TAG: "0.3"}, True, id="a loss within the bound"),
        pytest.param({F1_LOSS_TAG: "-0.1"}, True, id="a gain"),
        pytest.param({F1_LOSS_TAG: "0.31"}, False, id="a loss beyond it"),
        pytest.param({}, False, id="nothing was measured"),
        pytest.param({F1_LOSS_TAG: "little"}, False, id="no number"),
        pytest.param({F1_LOSS_TAG: "nan"}, False, id="a number that is none"),
    ],
)
def test_a_version_is_fit_for_eight_bits_if_it_was_measured_to_lose_little(
    tags: dict[str, str], *, is_fit: bool
) -> None:
    assert Rounding.recorded(tags).is_fit(0.3) is is_fit


@pytest.mark.parametrize(
    ("maps", "chosen"),
    [
        pytest.param("", NAMES, id="all, where none is named"),
        pytest.param("intermediate.dense", NAMES[:1], id="those with the ending"),
        pytest.param("attention.output.dense intermediate.dense", (NAMES[0], NAMES[2]), id="with one of the endings"),
        pytest.param("no.such", (), id="none"),
    ],
)
def test_maps_are_chosen_by_the_endings_of_their_names(maps: str, chosen: tuple[str, ...]) -> None:
    assert Rounding.recorded({MAPS_TAG: maps}).chosen(NAMES) == set(chosen)
