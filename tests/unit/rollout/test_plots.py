import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollout.plots import Bound, Line, plot, ticks


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0.0, 100.0, [0, 20, 40, 60, 80, 100]),
        (0.0, 4.46, [0, 1, 2, 3, 4]),
        (0.0, 13.5, [0, 5, 10]),
        (-3.0, 2.0, [-3, -2, -1, 0, 1, 2]),
        (0.0, 0.05, [0, 0.01, 0.02, 0.03, 0.04, 0.05]),
    ],
)
def test_an_axis_names_round_numbers(low: float, high: float, expected: list[float]) -> None:
    assert ticks(low, high) == pytest.approx(expected)


@given(st.floats(-1e6, 1e6), st.floats(1e-6, 1e6))
def test_an_axis_names_at_most_six_numbers_all_within_it(low: float, span: float) -> None:
    high = low + span
    named = ticks(low, high)
    slack = span * 1e-6 + abs(low) * 1e-9
    assert 1 <= len(named) <= 6
    assert all(low - slack <= value <= high + slack for value in named)


def test_a_plot_without_points_is_none() -> None:
    assert plot("Errors", "%", [Line("candidate", "red", [])], [Bound("objective", 1.0, "blue")]) == ""


def test_a_plot_names_its_lines_and_bounds() -> None:
    drawn = plot("Errors", "%", [Line("candidate", "red", [(0, 0), (1, 2)])], [Bound("objective", 1.0, "blue")])
    assert "candidate" in drawn
    assert "objective" in drawn
    assert drawn.count("<path") == 1
