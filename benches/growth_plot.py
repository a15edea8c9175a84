"""Panels of lines over logarithmic axes, drawn with what draws models."""

from __future__ import annotations

import itertools
import math
from typing import Any

from rkeras.visualization.drawing import Color, Curve, Drawing, Group, Rectangle, Shape, Text
from rkeras.visualization.svg import to_svg
from rkeras.visualization.text import text_width

# Told apart by those who do not see all colours too (Okabe and Ito).
COLORS: dict[str, Color] = {
    "rkeras": (213, 94, 0),
    "keras-tensorflow": (230, 159, 0),
    "keras-jax": (0, 158, 115),
    "torch": (0, 114, 178),
}
_INK, _GREY, _GRID = (40, 40, 40), (110, 110, 110), (226, 226, 226)
_WIDTH, _HEIGHT = 300.0, 200.0
_LEFT, _TOP, _GAP_X, _GAP_Y = 58.0, 84.0, 66.0, 64.0


def _text(x: float, y: float, text: str, size: float, fill: Color = _INK, anchor: float = 0.0) -> Text:
    """Text whose point at the fraction ``anchor`` of its width is at ``x``."""
    width = text_width(text, size)
    return Text(x - anchor * width, y, text, size, width, fill)


def _line(start: tuple[float, float], end: tuple[float, float], stroke: Color, width: float = 0.8) -> Curve:
    return Curve(start, None, end, stroke, width)


def _ticks(values: list[float]) -> list[float]:
    """Round numbers that enclose the values."""
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    steps = [base * 10.0**power for power in range(low, high + 1) for base in (1, 2, 5)]
    first = max(i for i, step in enumerate(steps) if step <= min(values))
    last = min(i for i, step in enumerate(steps) if step >= max(values))
    return steps[first : max(last, first + 1) + 1]


def _number(x: float) -> str:
    return f"{x:,.0f}" if x >= 1 else f"{x:g}"


def _panel(panel: dict[str, Any], left: float, top: float) -> list[Group]:
    lines = {name: points for name, points in panel["lines"].items() if points}
    columns = sorted({x for points in lines.values() for x, _ in points})
    ticks = _ticks([y for points in lines.values() for _, y in points])
    low, high = math.log2(columns[0]), math.log2(columns[-1])
    right, bottom = left + _WIDTH, top + _HEIGHT

    def across(x: float) -> float:
        # A margin inside of the frame, so that the first and last points are seen whole.
        return left + 12 + (math.log2(x) - low) / ((high - low) or 1) * (_WIDTH - 24)

    def up(y: float) -> float:
        return bottom - math.log(y / ticks[0]) / math.log(ticks[-1] / ticks[0]) * _HEIGHT

    shapes: list[Shape] = [_text(left, top - 10, panel["title"], 11)]
    for tick in ticks:
        y = up(tick)
        shapes += [_line((left, y), (right, y), _GRID), _text(left - 6, y + 3, _number(tick), 9, _GREY, 1.0)]
    for x in columns:
        shapes += [
            _line((across(x), bottom), (across(x), bottom + 4), _GRID),
            _text(across(x), bottom + 15, str(x), 9, _GREY, 0.5),
        ]
    shapes.append(_text(left + _WIDTH / 2, bottom + 29, panel["axis"], 10, _INK, 0.5))
    groups = [Group("panel", panel["title"], shapes)]
    # The first line is drawn last, over the others.
    for name, points in reversed(lines.items()):
        at = [(across(x), up(y)) for x, y in points]
        drawn: list[Shape] = [_line(a, b, COLORS[name], 1.8) for a, b in itertools.pairwise(at)]
        drawn += [Rectangle(x - 2.5, y - 2.5, 5, 5, COLORS[name]) for x, y in at]
        groups.append(Group("line", name, drawn))
    return groups


def draw(title: str, panels: list[dict[str, Any]]) -> str:
    """An SVG of two panels a row, with a legend.

    Args:
        title: above all of it.
        panels: each a dict of ``title``, ``axis`` (what grows) and ``lines``, from a contestant's name to its points.
    """
    heading: list[Shape] = [
        _text(_LEFT, 28, title, 15),
        _text(_LEFT, 44, "steps/s, both axes logarithmic; higher is better", 9, _GREY),
    ]
    x = _LEFT + 2 * _WIDTH + _GAP_X
    for name in reversed([name for name in COLORS if any(panel["lines"].get(name) for panel in panels)]):
        x -= text_width(name, 10)
        heading += [_text(x, 28, name, 10), Rectangle(x - 18, 23, 13, 3, COLORS[name])]
        x -= 34
    groups = [Group("heading", "", heading)]
    for i, panel in enumerate(panels):
        row, column = divmod(i, 2)
        groups.extend(_panel(panel, _LEFT + column * (_WIDTH + _GAP_X), _TOP + row * (_HEIGHT + _GAP_Y)))
    rows = (len(panels) + 1) // 2
    width, height = _LEFT + 2 * _WIDTH + _GAP_X + 24, _TOP + rows * (_HEIGHT + _GAP_Y) - 16
    return to_svg(Drawing(title, width, height, groups))
