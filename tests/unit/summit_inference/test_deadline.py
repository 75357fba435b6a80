import pytest

from summit_inference.deadline import Deadline
from summit_inference.errors import DeadlineExceeded, InvalidRequest


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_deadline_is_used_up_by_time_passing() -> None:
    clock = Clock()
    deadline = Deadline.from_header("300", clock)
    assert deadline is not None
    clock.now += 0.2
    assert deadline.remaining_seconds() == pytest.approx(0.1)
    assert deadline.as_header() in {"99", "100"}
    deadline.check()
    clock.now += 0.2
    with pytest.raises(DeadlineExceeded):
        deadline.check()


def test_a_deadline_that_is_over_is_still_one_on_the_wire() -> None:
    clock = Clock()
    assert Deadline.after(-5, clock).as_header() == "1"


def test_no_header_is_no_deadline() -> None:
    assert Deadline.from_header(None) is None


@pytest.mark.parametrize("value", ["0", "-1", "1.5", "soon", "", " 5", "٣", "9" * 13, "9" * 5000])
def test_what_is_no_number_of_milliseconds_is_refused(value: str) -> None:
    with pytest.raises(InvalidRequest, match="milliseconds"):
        Deadline.from_header(value)
