"""Line plots as SVG, for a page that loads nothing from anywhere. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from math import ceil, floor, log10

_WIDTH, _HEIGHT = 860, 220
_LEFT, _RIGHT, _TOP, _BOTTOM = 56, 16, 16, 34
_MOST_TICKS = 5
_ROUND = (1, 2, 2.5, 5, 10)


@dataclass(frozen=True, slots=True)
class Line:
    """One series: (minutes, value) by time."""

    name: str
    colour: str
    points: Sequence[tuple[float, float]]
    is_stepped: bool = False
    """Whether a value holds until the next one."""


@dataclass(frozen=True, slots=True)
class Bound:
    """A value that decides."""

    name: str
    value: float
    colour: str


def plot(title: str, unit: str, lines: Sequence[Line], bounds: Sequence[Bound] = (), top: float = 1.0) -> str:
    """An SVG of the lines over the same time, up to `top` or higher; an empty text where there is nothing to draw."""
    points = [point for line in lines for point in line.points]
    if not points:
        return ""
    values = [value for _, value in points] + [bound.value for bound in bounds] + [0.0]
    frame = _Frame(max(1e-9, *(at for at, _ in points)), min(values), max(*values, top))
    parts = [
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{escape(title)}">',
        *_axes(frame, unit),
        *(_bound(frame, bound) for bound in bounds),
        *(_line(frame, line) for line in lines),
        "</svg>",
    ]
    key = [(line.name, line.colour) for line in lines] + [(bound.name, bound.colour) for bound in bounds]
    names = "".join(f'<span><i style="background:{colour}"></i>{escape(name)}</span>' for name, colour in key)
    return f'<figure><figcaption>{escape(title)}<div class="key">{names}</div></figcaption>{"".join(parts)}</figure>'


@dataclass(frozen=True, slots=True)
class _Frame:
    minutes: float
    low: float
    high: float

    def x(self, minutes: float) -> float:
        return _LEFT + minutes / self.minutes * (_WIDTH - _LEFT - _RIGHT)

    def y(self, value: float) -> float:
        return _HEIGHT - _BOTTOM - (value - self.low) / (self.high - self.low) * (_HEIGHT - _TOP - _BOTTOM)


def ticks(low: float, high: float) -> list[float]:
    """The round numbers from `low` to `high` that an axis names: at most five steps apart."""
    least = (high - low) / _MOST_TICKS
    power = 10.0 ** floor(log10(least))
    step = next(power * factor for factor in _ROUND if power * factor >= least * (1 - 1e-9))
    return [at * step for at in range(ceil(low / step - 1e-9), floor(high / step + 1e-9) + 1)]


def _axes(frame: _Frame, unit: str) -> list[str]:
    parts = []
    for value in ticks(frame.low, frame.high):
        y = frame.y(value)
        parts.append(f'<line class="grid" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(f'<text x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{value:.4g}{escape(unit)}</text>')
    for minutes in ticks(0, frame.minutes):
        x = frame.x(minutes)
        anchor = "end" if x > _WIDTH - _LEFT else "middle" if minutes else "start"
        parts.append(f'<text x="{x:.1f}" y="{_HEIGHT - 10}" text-anchor="{anchor}">{minutes:.4g} min</text>')
    return parts


def _line(frame: _Frame, line: Line) -> str:
    if not line.points:
        return ""
    path = [f"M{frame.x(line.points[0][0]):.1f} {frame.y(line.points[0][1]):.1f}"]
    for minutes, value in line.points[1:]:
        x, y = frame.x(minutes), frame.y(value)
        path.append(f"H{x:.1f}V{y:.1f}" if line.is_stepped else f"L{x:.1f} {y:.1f}")
    return f'<path d="{"".join(path)}" fill="none" stroke="{line.colour}" stroke-width="2"/>'


def _bound(frame: _Frame, bound: Bound) -> str:
    y = frame.y(bound.value)
    return (
        f'<line x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="{bound.colour}" '
        f'stroke-width="1.5" stroke-dasharray="6 4"/>'
    )
