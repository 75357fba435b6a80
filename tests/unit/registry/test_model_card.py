from pathlib import Path

import pytest

from registry.model_card import card, licences
from registry.publish_order import PublishOrder


@pytest.fixture
def order() -> PublishOrder:
    return PublishOrder(
        name="summit-extract",
        directory=Path("trained"),
        semver="v2.1.0",
        metrics={"wikigold_test/f1": 0.76812, "btc_test/f1": 0.681},
        params={"learning_rate": "1e-3"},
        licence="apache-2.0",
        data_licences={"WikiGold": "CC BY 4.0", "BTC": "CC BY 4.0"},
        description="Finds people, organisations and places.",
    )


def test_a_card_says_all_that_is_known(order: PublishOrder) -> None:
    assert card(order) == (
        '---\nlicense: "apache-2.0"\npipeline_tag: "token-classification"\nlibrary_name: "transformers"\n---\n\n'
        "# summit-extract v2.1.0\n\n"
        "Finds people, organisations and places.\n\n"
        "## Measured\n\n| slice/metric | value |\n|---|---|\n"
        "| btc_test/f1 | 0.6810 |\n| wikigold_test/f1 | 0.7681 |\n\n"
        "## Trained with\n\n| parameter | value |\n|---|---|\n| learning_rate | 1e-3 |\n\n"
        "## Trained on\n\n| corpus | licence |\n|---|---|\n| BTC | CC BY 4.0 |\n| WikiGold | CC BY 4.0 |\n"
    )


def test_what_is_not_known_has_no_heading() -> None:
    assert "##" not in card(PublishOrder("x", Path("trained"), "v1.0.0"))


def test_the_licences_are_those_of_the_weights_and_of_the_data(order: PublishOrder) -> None:
    assert licences(order) == (
        "summit-extract v2.1.0\n\nThe weights: apache-2.0\n\nTrained on:\n- BTC: CC BY 4.0\n- WikiGold: CC BY 4.0\n"
    )
