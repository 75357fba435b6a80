"""The operator around the controller: who acts, and what is told to whom."""

from typing import Any

import kopf
import pytest
from servers.fake_cluster import FakeCluster
from servers.kserve_canary import KServe

from registry.settings import RegistrySettings
from rollout import handlers
from rollout.cluster import Cluster, Lease
from rollout.operator_settings import OperatorSettings
from summit_inference.errors import UpstreamUnreachable


class _Controller:
    """Has something to do for three turns."""

    def __init__(self, *, is_failing: bool = False) -> None:
        self.turns, self._is_failing = 0, is_failing

    def turn(self) -> bool:
        self.turns += 1
        if self._is_failing:
            raise UpstreamUnreachable("the registry cannot be reached")
        return self.turns < 3


@pytest.fixture
def cluster() -> Cluster:
    fake: Any = FakeCluster(KServe(), {"metadata": {}, "spec": {"predictor": {}}})
    return Cluster("summit", fake, fake, fake)


def _operator(cluster: Cluster, controller: _Controller) -> handlers.Operator:
    operator = handlers.Operator(OperatorSettings(holder="a"), RegistrySettings(), cluster)
    operator._controllers["summit-extract"] = controller  # type: ignore[assignment]
    return operator


def test_turns_are_taken_while_there_is_something_to_do(cluster: Cluster) -> None:
    controller = _Controller()
    operator = _operator(cluster, controller)
    operator.take_turns("summit-extract")
    operator.close()
    assert controller.turns == 3


def test_a_failed_turn_waits_for_the_next_timer(cluster: Cluster) -> None:
    controller = _Controller(is_failing=True)
    operator = _operator(cluster, controller)
    operator.take_turns("summit-extract")
    operator.close()
    assert controller.turns == 1


def test_a_replica_without_the_lease_does_nothing(cluster: Cluster) -> None:
    assert Lease(cluster, "rollout", "b", 60).is_held()
    controller = _Controller()
    operator = _operator(cluster, controller)
    operator.take_turns("summit-extract")
    operator.close()
    assert controller.turns == 0


def test_one_timer_watches_the_model_rollouts() -> None:
    registry = kopf.get_default_registry()
    watched = {str(handler.id) for handler in registry._spawning.get_all_handlers()}
    assert watched == {"turn"}
