import pytest

from eventing.ray_run import RayRun, RayState, Step, step

MOST = 3


def test_a_submission_has_the_same_name_whoever_sends_it() -> None:
    assert RayRun("a-1", 2, 3).submission_id == RayRun("a-1", 2, 3).submission_id == "summit-a-1-2-3"


@pytest.mark.parametrize(
    ("state", "open_chunks", "submission", "expected"),
    [
        pytest.param(None, 5, 1, Step.SUBMIT, id="Ray does not know it yet, or any more"),
        pytest.param(RayState.PENDING, 5, 1, Step.WAIT, id="it waits for its turn"),
        pytest.param(RayState.RUNNING, 5, 1, Step.WAIT, id="it works"),
        pytest.param(RayState.RUNNING, 0, 1, Step.END, id="the last chunk is done, the driver not yet gone"),
        pytest.param(RayState.SUCCEEDED, 0, 1, Step.END, id="all is done"),
        pytest.param(RayState.SUCCEEDED, 2, 1, Step.END, id="it left chunks, which go the ordinary way"),
        pytest.param(RayState.FAILED, 5, 1, Step.AGAIN, id="its driver died"),
        pytest.param(RayState.STOPPED, 5, 2, Step.AGAIN, id="somebody stopped it at Ray"),
        pytest.param(RayState.FAILED, 5, MOST, Step.FAIL, id="it died too often"),
        pytest.param(RayState.FAILED, 0, MOST, Step.END, id="it died after the last chunk"),
    ],
)
def test_what_follows(state: RayState | None, open_chunks: int, submission: int, expected: Step) -> None:
    assert step(state, open_chunks, submission, MOST) is expected
