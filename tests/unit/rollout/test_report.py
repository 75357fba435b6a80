import re

import pytest
from servers.rollout_stage import Quality, Stage

from rollout.explain import explained
from rollout.phase import Phase
from rollout.plots import Bound, Line, plot
from rollout.policy import demo_policy
from rollout.report import report
from rollout.state import ExactVersion, ModelRollout, Spec, Status


@pytest.fixture(scope="module")
def rollout() -> ModelRollout:
    """One that has been promoted."""
    stage = Stage({"1": Quality(), "2": Quality(errors=0.001)}, demo_policy(), rps=50)
    stage.serve("1")
    stage.settle_turns()
    stage.aliases = type(stage.aliases)(champion="1", candidate="2")
    stage.run(600)
    return ModelRollout(name="summit-extract", spec=stage.spec, status=stage.status)


def test_the_file_loads_nothing_from_anywhere(rollout: ModelRollout) -> None:
    html = report(rollout)
    assert not re.search(r"(src|href)=|url\(|@import|<script", html)


def test_it_tells_what_was_decided_and_why(rollout: ModelRollout) -> None:
    html = report(rollout)
    for record in rollout.status.decisions:
        assert record.sentence.replace("'", "&#x27;") in html
    assert "Promoted" in html
    assert html.count("<svg") >= 4


def test_the_champion_before_is_the_old_one(rollout: ModelRollout) -> None:
    assert "<th>Champion before</th><td>version 1," in report(rollout)


def test_a_sentence_cannot_break_the_page() -> None:
    status = Status(
        phase=Phase.ROLLED_BACK, rollout_id="m-2-r1", reason="<script>alert(1)</script>",
        candidate=ExactVersion(version="2"),
    )  # fmt: skip
    html = report(ModelRollout(name="m", spec=Spec(model_name="m"), status=status))
    assert "<script>" not in html
    assert "&lt;script&gt;" in html


def test_a_plot_of_nothing_is_nothing() -> None:
    assert plot("empty", "%", [Line("a", "red", [])]) == ""


def test_every_point_lies_within_the_frame() -> None:
    svg = plot("x", "", [Line("a", "red", [(0, -3.0), (5, 9.0)])], [Bound("b", 20.0, "blue")])
    path = re.search(r'd="M([\d.]+) ([\d.]+)L([\d.]+) ([\d.]+)"', svg)
    assert path is not None
    assert all(0 <= float(value) <= 860 for value in path.groups())


def test_what_happens_next_is_explained(rollout: ModelRollout) -> None:
    lines = list(explained(rollout))
    assert lines[0] == f"{rollout.status.rollout_id}: Promoted at 100%"
    assert lines[1] == "because: version 2 is promoted"
    assert any(line.startswith("ok   errors") for line in lines)


@pytest.mark.parametrize("phase", list(Phase))
def test_every_phase_has_a_next(phase: Phase) -> None:
    status = Status(phase=phase)
    assert any(
        line.startswith("now: ") for line in explained(ModelRollout(name="m", spec=Spec(model_name="m"), status=status))
    )
