from pathlib import Path

import pytest

from cli import rollout_orders as orders
from rollout.phase import Phase
from rollout.policy import demo_policy
from rollout.state import ExactVersion, ModelRollout, Spec, Status
from rollout.state_file import StateFile
from summit_inference.errors import InvalidRequest

NAME = "summit-extract"
RUNNING = ModelRollout(
    name=NAME,
    spec=Spec(model_name=NAME),
    status=Status(phase=Phase.GATE, rollout_id="r7", step=3, candidate=ExactVersion(version="2")),
)


def test_an_approval_is_for_this_rollout_and_this_step() -> None:
    approval = orders.approved(RUNNING).approve
    assert (approval.rollout_id, approval.step) == ("r7", 3)
    assert approval.by
    assert approval.id != orders.approved(RUNNING).approve.id


def test_orders_name_the_rollout_that_they_were_given_for() -> None:
    assert orders.aborted(RUNNING).abort.rollout_id == "r7"
    assert orders.forced(RUNNING).promote.rollout_id == "r7"


def test_a_start_is_for_whichever_rollout_comes_and_ends_a_halt() -> None:
    halted = orders.suspended(RUNNING, is_suspended=True)
    started = orders.started(halted, demo_policy())
    assert (started.start.rollout_id, started.is_suspended, started.policy) == ("", False, demo_policy())
    assert orders.started(started, None).policy == demo_policy()


def test_there_is_nothing_to_order_where_nothing_is_rolled_out() -> None:
    over = RUNNING.model_copy(update={"status": Status(phase=Phase.PROMOTED)})
    for rollout in (None, over):
        with pytest.raises(InvalidRequest, match="nothing is rolled out"):
            orders.running(rollout)


def test_an_order_survives_a_controller_that_writes_at_the_same_time(tmp_path: Path) -> None:
    class _Busy(StateFile):
        is_disturbed = False

        def read(self, name: str) -> ModelRollout | None:
            seen = super().read(name)
            if seen and not self.is_disturbed:
                self.is_disturbed = True
                self.write_status(seen, Status(phase=Phase.RAMP))
            return seen

    StateFile(tmp_path).write_spec(ModelRollout(name=NAME, spec=Spec(model_name=NAME)), Spec(model_name=NAME))
    written = orders.change(_Busy(tmp_path), NAME, lambda seen: orders.suspended(seen, is_suspended=True))
    assert written.spec.is_suspended
    assert written.status.phase is Phase.RAMP
