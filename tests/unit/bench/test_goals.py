"""Goals are judged by what was measured."""

import pytest
from unit.bench.runs import comparison

from bench.goals import Goal, Results, goals

HOP = {
    "one text's tokens: V2 REST binary": 0.8,
    "one text's tokens: KServe SDK's REST binary": 2.5,
    "1 MiB of FP32: V2 REST binary": 2.0,
    "1 MiB of FP32: KServe SDK's REST binary": 130.0,
    "one text: the predictor, V2 REST binary": 16.0,
    "one text: the bare forward, no server": 15.0,
}
PEERS = {"A, as it ships": 20.0, "A, our forward": 90.0, "B, as it ships": 40.0, "B, our forward": 125.0}


def _goals() -> dict[str, Goal]:
    hop = {"rows": [{"what": what, "p50 ms": p50} for what, p50 in HOP.items()]}
    found = Results(comparison(**PEERS), {"server_efficiency": 0.849}, hop, {"ratio": 1.31})
    return {goal.what: goal for goal in goals(found)}


def test_ours_is_set_beside_the_best_of_its_kind() -> None:
    found = _goals()
    assert found["32 clients: over the best as it ships"].figure == 100 / 40
    assert found["32 clients: over the best with our forward"].figure == 100 / 125
    assert found["32 clients: over the best with our forward"].peers == "125.00 req/s (B, our forward)"
    assert found["start to ready"].peers == "0.80 s (B, our forward)"


def test_the_hop_is_what_the_wire_adds() -> None:
    found = _goals()
    assert found["one call of the predictor, over the bare forward"].figure == 1.0
    assert found["1 MiB of FP32 there and back"].peers == "KServe SDK 130.00 ms"


@pytest.mark.parametrize(
    ("figure", "is_least", "is_met"),
    [(1.0, True, True), (0.98, True, False), (1.0, False, True), (1.02, False, False)],
)
def test_a_bound_is_kept_or_it_is_not(figure: float, is_least: bool, is_met: bool) -> None:  # noqa: FBT001 - cases
    goal = Goal("x", " ms", figure, 1.0, is_least=is_least)
    assert goal.is_met == is_met
    assert goal.row()["met"] == ("yes" if is_met else "no")


def test_a_goal_is_judged_at_the_precision_that_is_printed() -> None:
    found = _goals()
    assert found["server efficiency"].is_met
    assert not found["predictor's start over imports and load alone"].is_met
