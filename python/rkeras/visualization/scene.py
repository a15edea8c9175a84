"""The drawing of a diagram: sizes of boxes from their text, then what the layout placed as shapes."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from operator import itemgetter

from rkeras.visualization.diagram import Box, Diagram
from rkeras.visualization.drawing import Color, Curve, Drawing, Group, Point, Rectangle, Shape, Text, Triangle
from rkeras.visualization.frames import LOOP
from rkeras.visualization.layout import Layout, Rect, arrange
from rkeras.visualization.text import printable, shorten, text_width

_WHITE: Color = (255, 255, 255)
_LINE: Color = (90, 98, 110)
_INK: Color = (24, 28, 34)
_FAINT: Color = (100, 108, 120)
_HEADS: dict[str, Color] = {
    "input": (30, 110, 100),
    "model": (105, 65, 140),
    "layer": (40, 60, 92),
    "op": (92, 96, 104),
}
# Clusters inside each other alternate.
_CLUSTER_FILLS: tuple[Color, Color] = ((246, 243, 250), (236, 231, 244))
_CLUSTER_LINE: Color = (150, 125, 175)

_TITLE_SIZE = 13.0
_ROW_SIZE = 11.0
_TITLE_HEIGHT = 24.0
_ROW_HEIGHT = 16.0
_INSET = 9.0
# Text that is wider loses its middle.
_WIDEST = 400.0
_ARROW_LENGTH = 8.0
_ARROW_HALF = 3.5


def draw(diagram: Diagram, rankdir: str = "TB", straight: bool = False) -> Drawing:
    """The drawing of a diagram.

    Args:
        diagram: what to show.
        rankdir: the direction: ``TB``, ``LR``, ``BT`` or ``RL``.
        straight: whether lines have corners instead of bending.
    """
    labels = [shorten(cluster.title, _ROW_SIZE, _WIDEST) for cluster in diagram.clusters]
    layout = arrange(
        [box_size(box) for box in diagram.boxes],
        diagram.edges,
        [box.cluster for box in diagram.boxes],
        [cluster.parent for cluster in diagram.clusters],
        [(text_width(label, _ROW_SIZE) + 2 * _INSET, _ROW_SIZE + 8) for label in labels],
        rankdir,
    )
    groups = []
    for cluster, rect, label in zip(diagram.clusters, layout.clusters, labels, strict=True):
        depth = 0
        parent = cluster.parent
        while parent is not None:
            depth, parent = depth + 1, diagram.clusters[parent].parent
        frame = Rectangle(
            rect.x, rect.y, rect.width, rect.height, _CLUSTER_FILLS[depth % 2], _CLUSTER_LINE, dashed=True
        )
        text = _text(rect.x + _INSET, rect.y + _ROW_SIZE + 4, label, _ROW_SIZE, _HEADS["model"])
        groups.append(Group("cluster", printable(cluster.name), [frame, text]))
    groups.append(Group("edges", "", _lines(layout, straight)))
    for box, rect in zip(diagram.boxes, layout.boxes, strict=True):
        groups.append(Group("node", printable(box.name), _box(box, rect)))
    return Drawing(printable(diagram.name), layout.width, layout.height, groups)


def box_size(box: Box) -> tuple[float, float]:
    """The width and height that the text of a box needs."""
    title = text_width(shorten(box.title, _TITLE_SIZE, _WIDEST), _TITLE_SIZE)
    values = max((text_width(shorten(value, _ROW_SIZE, _WIDEST), _ROW_SIZE) for _, value in box.rows), default=0.0)
    rows = _key_width(box) + values if box.rows else 0.0
    height = _TITLE_HEIGHT + (len(box.rows) * _ROW_HEIGHT + 6 if box.rows else 0.0)
    return round(max(title, rows, 60.0) + 2 * _INSET, 2), height


def _key_width(box: Box) -> float:
    return max(text_width(key, _ROW_SIZE) for key, _ in box.rows) + 10


def _text(x: float, y: float, text: str, size: float, fill: Color, centred: bool = False) -> Text:
    return Text(x, y, text, size, text_width(text, size), fill, centred)


def _box(box: Box, rect: Rect) -> list[Shape]:
    head = _HEADS[box.kind]
    title = shorten(box.title, _TITLE_SIZE, _WIDEST)
    centred = rect.x + (rect.width - text_width(title, _TITLE_SIZE)) / 2
    shapes: list[Shape] = [
        Rectangle(rect.x, rect.y, rect.width, rect.height, _WHITE, head),
        Rectangle(rect.x, rect.y, rect.width, _TITLE_HEIGHT, head, head),
        _text(centred, rect.y + 16.5, title, _TITLE_SIZE, _WHITE, centred=True),
    ]
    for i, (key, value) in enumerate(box.rows):
        baseline = rect.y + _TITLE_HEIGHT + i * _ROW_HEIGHT + 14.5
        value = shorten(value, _ROW_SIZE, _WIDEST)
        shapes.append(_text(rect.x + _INSET, baseline, key, _ROW_SIZE, _FAINT))
        shapes.append(_text(rect.x + _INSET + _key_width(box), baseline, value, _ROW_SIZE, _INK))
    return shapes


def _lines(layout: Layout, straight: bool) -> list[Shape]:
    """The lines of all edges, what several share drawn once, and the heads of the arrows."""
    # Straight pieces by their place across the direction of the picture.
    pieces: dict[float, list[tuple[float, float]]] = {}
    curves: dict[tuple[Point, Point], Curve] = {}
    heads: dict[tuple[Point, Point], Triangle] = {}
    across, along = (1, 0) if layout.horizontal else (0, 1)
    for route in layout.routes:
        tip, before = route.points[-1], route.points[-2]
        heads[before, tip] = _head(before, tip)
        # Not under the tip, where the line would be wider than the head.
        points = [*route.points[:-1], _towards(tip, before, _ARROW_LENGTH - 1)]
        for a, b in pairwise(points):
            first, last = sorted((a, b), key=itemgetter(along))
            if a[across] == b[across]:
                pieces.setdefault(a[across], []).append((first[along], last[along]))
            elif (first, last) not in curves:
                curves[first, last] = _curve(first, last, layout.horizontal, straight)
    shapes: list[Shape] = []
    for place, intervals in pieces.items():
        for low, high in _united(intervals):
            ends = ((low, place), (high, place)) if layout.horizontal else ((place, low), (place, high))
            shapes.append(Curve(ends[0], None, ends[1], _LINE))
    shapes += curves.values()
    for i in layout.loops:
        shapes += _loop(layout.boxes[i], layout.horizontal)
    return [*shapes, *heads.values()]


def _united(intervals: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    result: list[tuple[float, float]] = []
    for low, high in sorted(intervals):
        if result and low <= result[-1][1]:
            result[-1] = (result[-1][0], max(high, result[-1][1]))
        else:
            result.append((low, high))
    return result


def _curve(a: Point, b: Point, horizontal: bool, straight: bool) -> Curve:
    """A line that begins and ends along the direction of the picture, unless it is to be straight."""
    if straight:
        return Curve(a, None, b, _LINE)
    x, y = (a[0] + b[0]) / 2, (a[1] + b[1]) / 2
    controls = ((x, a[1]), (x, b[1])) if horizontal else ((a[0], y), (b[0], y))
    return Curve(a, controls, b, _LINE)


def _towards(start: Point, end: Point, distance: float) -> Point:
    length = max(abs(end[0] - start[0]) + abs(end[1] - start[1]), 1e-6)
    return tuple(a + (b - a) * distance / length for a, b in zip(start, end, strict=True))  # type: ignore[return-value]


def _head(before: Point, tip: Point) -> Triangle:
    """The head of an arrow that comes straight along one of the axes."""
    x, y = _towards(tip, before, _ARROW_LENGTH)
    if abs(tip[0] - before[0]) > abs(tip[1] - before[1]):
        return Triangle((tip, (x, y - _ARROW_HALF), (x, y + _ARROW_HALF)), _LINE)
    return Triangle((tip, (x - _ARROW_HALF, y), (x + _ARROW_HALF, y)), _LINE)


def _loop(rect: Rect, horizontal: bool) -> tuple[Curve, Triangle]:
    """The line from a box to itself, at the side that no other line meets."""
    reach = LOOP * 4 / 3 - 8
    if horizontal:
        x, y = rect.x + rect.width / 2, rect.y + rect.height
        out, back = (x - 12, y), (x + 12, y)
        controls = ((x - 12, y + reach), (x + 12, y + reach))
        tail, end = (x + 12, y + _ARROW_LENGTH + 4), (x + 12, y + _ARROW_LENGTH - 1)
    else:
        x, y = rect.x + rect.width, rect.y + rect.height / 2
        out, back = (x, y - 8), (x, y + 8)
        controls = ((x + reach, y - 8), (x + reach, y + 8))
        tail, end = (x + _ARROW_LENGTH + 4, y + 8), (x + _ARROW_LENGTH - 1, y + 8)
    return Curve(out, controls, end, _LINE), _head(tail, back)
