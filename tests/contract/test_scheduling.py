"""How the tests are shared out: were it wrong, nothing would fail, but every shared server would start twice."""

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from scheduling import FolderScheduling

TESTS = [f"tests/{folder}/test_{file}.py::test_{number}" for folder in "abc" for file in "xy" for number in range(3)]
A, B, C = ([*range(start, start + 6)] for start in (0, 6, 12))


@dataclass(eq=False)
class Process:
    """One of pytest-xdist's, which notes what it is sent."""

    sent: list[int] = field(default_factory=list)
    gateway: Any = field(default_factory=lambda: SimpleNamespace(id="a process"))
    shutting_down: bool = False

    def send_runtest_some(self, indices: list[int]) -> None:
        self.sent += indices

    def shutdown(self) -> None:
        self.shutting_down = True


def test_a_folder_goes_whole_to_the_process_that_is_free_first() -> None:
    config: Any = SimpleNamespace(option=SimpleNamespace(loadscopereorder=False), getvalue=lambda _: ["popen", "popen"])
    slow: Any = Process()
    quick: Any = Process()
    scheduling = FolderScheduling(config)
    for process in (slow, quick):
        scheduling.add_node(process)
        scheduling.add_node_collection(process, TESTS)
    scheduling.schedule()
    for index in B:
        scheduling.mark_test_complete(quick, index)
    assert (slow.sent, quick.sent) == (A, B + C)
