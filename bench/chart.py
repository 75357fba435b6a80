"""Bars as an SVG that is readable on a light page and on a dark one. Pure."""

from collections.abc import Collection, Mapping
from xml.sax.saxutils import escape

_WIDTH, _NAMES, _BAR, _STEP, _TOP, _VALUE = 760, 250, 18, 28, 64, 70
_STYLE = """
  text { font: 13px system-ui, sans-serif; fill: #1f2328; }
  .title { font-size: 15px; font-weight: 600; }
  .note, .value { fill: #59636e; }
  .peer { fill: #8c96a0; }
  .ours { fill: #1f7a4d; }
  .limit { stroke: #59636e; stroke-dasharray: 4 3; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3; }
    .note, .value { fill: #9198a1; }
    .peer { fill: #6e7781; }
    .ours { fill: #3fb97a; }
    .limit { stroke: #9198a1; }
  }
"""


def chart(title: str, note: str, values: Mapping[str, float], ours: Collection[str], limit: float) -> str:
    """One bar a name, longest first, and a dashed line at `limit`."""
    scale = (_WIDTH - _NAMES - _VALUE) / max(limit, *values.values())
    ordered = sorted(values.items(), key=lambda item: -item[1])
    bars = [_bar(at, item, scale, "ours" if item[0] in ours else "peer") for at, item in enumerate(ordered)]
    height = _TOP + _STEP * len(ordered) + 12
    x = _NAMES + limit * scale
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img">',
            f"<title>{escape(title)}</title>",
            f"<style>{_STYLE}</style>",
            f'<text class="title" x="0" y="18">{escape(title)}</text>',
            f'<text class="note" x="0" y="40">{escape(note)}</text>',
            *bars,
            f'<line class="limit" x1="{x:.1f}" x2="{x:.1f}" y1="{_TOP - 14}" y2="{height - 6}"/>',
            "</svg>",
            "",
        ]
    )


def _bar(at: int, item: tuple[str, float], scale: float, kind: str) -> str:
    name, value = item
    y, length = _TOP + at * _STEP, value * scale
    middle = y + _BAR - 5
    return (
        f'<text x="{_NAMES - 10}" y="{middle}" text-anchor="end">{escape(name)}</text>'
        f'<rect class="{kind}" x="{_NAMES}" y="{y}" width="{length:.1f}" height="{_BAR}" rx="2"/>'
        f'<text class="value" x="{_NAMES + length + 8:.1f}" y="{middle}">{value:.0f}</text>'
    )
