"""The layout of a diagram: where boxes, frames of clusters and lines are in the picture."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from rkeras.visualization.frames import Frame, Frames, Item
from rkeras.visualization.level import Point

DIRECTIONS = ("TB", "LR", "BT", "RL")
_MARGIN = 8.0
# Coordinates that differ by less were meant to be equal, and were rounded to either side.
_SAME = 0.02


@dataclasses.dataclass(frozen=True)
class Rect:
    """A rectangle by its upper left corner."""

    x: float
    y: float
    width: float
    height: float


@dataclasses.dataclass(frozen=True)
class Route:
    """The way of an edge from its source to its target.

    Two points that share the coordinate across the direction of the picture are joined by a straight line,
    others by a curve that begins and ends along the direction.
    """

    source: int
    target: int
    points: list[Point]


@dataclasses.dataclass
class Layout:
    """Where everything is, in points, y down.

    Attributes:
        width: of the picture.
        height: of the picture.
        boxes: a rectangle for each box.
        clusters: a rectangle for each cluster.
        routes: the way of each edge between different boxes.
        loops: the boxes with a line to themselves.
        horizontal: whether the direction is from left to right or from right to left.
    """

    width: float
    height: float
    boxes: list[Rect]
    clusters: list[Rect]
    routes: list[Route]
    loops: list[int]
    horizontal: bool


def arrange(
    sizes: Sequence[tuple[float, float]],
    edges: Sequence[tuple[int, int]],
    box_clusters: Sequence[int | None] = (),
    cluster_parents: Sequence[int | None] = (),
    labels: Sequence[tuple[float, float]] = (),
    rankdir: str = "TB",
) -> Layout:
    """Places boxes so that edges lead in one direction.

    Args:
        sizes: width and height of each box.
        edges: pairs of boxes; those of a cycle cannot all lead in the direction.
        box_clusters: the cluster of each box, if there are clusters.
        cluster_parents: the cluster around each cluster.
        labels: width and height of each cluster's label, which is in the upper left corner.
        rankdir: ``TB``, ``LR``, ``BT`` or ``RL``: from top to bottom, and so on.

    Example:
        >>> layout = arrange([(40, 20), (40, 20)], [(0, 1)])
        >>> layout.boxes[0].y + 20 < layout.boxes[1].y
        True
    """
    parents: dict[Item, int | None] = {}
    for i, parent in enumerate(cluster_parents):
        parents["cluster", i] = parent
    for i in range(len(sizes)):
        parents["box", i] = box_clusters[i] if box_clusters else None
    frames = Frames(parents, sizes, labels, edges, rankdir)
    return _Assembly(frames, rankdir).layout


class _Assembly:
    """Frames put into each other and turned into the direction of the picture."""

    def __init__(self, frames: Frames, rankdir: str) -> None:
        self.frames = frames
        self.rankdir = rankdir
        whole = frames[None]
        self.length = whole.height + 2 * _MARGIN
        self.origins: dict[int | None, Point] = {None: (_MARGIN, _MARGIN)}
        rects: dict[Item, Rect] = {}
        stack: list[tuple[int | None, Frame]] = [(None, whole)]
        while stack:
            cluster, frame = stack.pop()
            left, top = self.origins[cluster]
            for item, (x, y) in zip(frame.items, frame.centres, strict=True):
                width, height = frames.size(item)
                corner = (left + x - width / 2, top + y - height / 2)
                rects[item] = self._rect(*corner, width, height)
                if item[0] == "cluster":
                    self.origins[item[1]] = corner
                    stack.append((item[1], frames[item[1]]))
        across = whole.width + 2 * _MARGIN
        horizontal = rankdir in ("LR", "RL")
        self.layout = Layout(
            width=self.length if horizontal else across,
            height=across if horizontal else self.length,
            boxes=[rects["box", i] for i in range(len(frames.sizes))],
            clusters=[rects["cluster", i] for i in range(len(rects) - len(frames.sizes))],
            routes=[
                Route(source, target, self._route(i))
                for i, (source, target) in enumerate(frames.edges)
                if source != target
            ],
            loops=frames.loops,
            horizontal=horizontal,
        )

    def _rect(self, x: float, y: float, width: float, height: float) -> Rect:
        ends = (self._turn((x, y)), self._turn((x + width, y + height)))
        (x0, x1), (y0, y1) = (sorted(values) for values in zip(*ends, strict=True))
        return Rect(x0, y0, round(x1 - x0, 2), round(y1 - y0, 2))

    def _turn(self, point: Point) -> Point:
        x, y = point
        if self.rankdir in ("BT", "RL"):
            y = self.length - y
        x, y = round(x, 2), round(y, 2)
        return (y, x) if self.rankdir in ("LR", "RL") else (x, y)

    def _route(self, edge: int) -> list[Point]:
        points: list[Point] = []
        across = self.rankdir in ("LR", "RL")
        for cluster, path in self.frames.way_of(edge):
            left, top = self.origins[cluster]
            for x, y in path:
                point = self._turn((left + x, top + y))
                if points and abs(point[across] - points[-1][across]) < _SAME:
                    point = (point[0], points[-1][1]) if across else (points[-1][0], point[1])
                if not points or point != points[-1]:
                    points.append(point)
        return points
