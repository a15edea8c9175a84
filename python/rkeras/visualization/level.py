"""The layout of one level: the items of a model (or of a cluster) and the lines between them.

Ranks go down here, whatever the direction of the picture.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Hashable, Sequence

from rkeras.visualization.coordinates import assign_coordinates
from rkeras.visualization.layering import End, Layered, Link, Segment, assign_ranks, cut
from rkeras.visualization.ordering import reduce_crossings

Point = tuple[float, float]

# Between two ranks, and more of it where lines go far to a side.
_GAP = 36.0
_GAP_FOR_SLOPE = 0.12
_MOST_GAP = 130.0
# Lines end at right angles to the box over this length, which holds the arrow's head.
_STRAIGHT_END = 12.0
_END_DISTANCE = 24.0


@dataclasses.dataclass
class Level:
    """Where things are.

    Attributes:
        centres: of the items.
        paths: points of each link from its tail to its head. Between two points at the same x the line is
            straight, elsewhere it leaves and arrives vertically.
    """

    centres: list[Point]
    paths: list[list[Point]]


def lay_out(
    sizes: Sequence[tuple[float, float]],
    links: Sequence[Link],
    room: Sequence[float] = (),
    top: Collection[int] = (),
    bottom: Collection[int] = (),
    first_gap: float = 0.0,
    last_gap: float = 0.0,
) -> Level:
    """Places items in ranks so that all links lead down.

    Args:
        sizes: width and height of each item.
        links: lines between different items, without cycles.
        room: what items need beside their width, if anything.
        top: items of no size at the upper edge, where lines from outside enter.
        bottom: the same at the lower edge.
        first_gap: at least so much is between the items at the top and what follows.
        last_gap: likewise above the items at the bottom.
    """
    ranks = assign_ranks(len(sizes), [(link.tail, link.head) for link in links], top, bottom)
    layered = cut(len(sizes), links, ranks)
    reduce_crossings(layered)
    widths = [width for width, _ in sizes] + [0.0] * (len(layered.ranks) - len(sizes))
    for item, more in enumerate(room):
        widths[item] += more
    x = assign_coordinates(layered, widths)
    return _Router(layered, sizes, x, first_gap if top else 0.0, last_gap if bottom else 0.0).level()


class _Router:
    """Vertical coordinates, and where lines meet items."""

    def __init__(
        self,
        layered: Layered,
        sizes: Sequence[tuple[float, float]],
        x: list[float],
        first_gap: float,
        last_gap: float,
    ) -> None:
        self.layered = layered
        self.sizes = sizes
        self.x = x
        self.leads_down = {segment.upper for segment in layered.segments}
        self.comes_from_above = {segment.lower for segment in layered.segments}
        # The points from the beginning of a way to the end of each segment.
        self.ways: dict[int, list[Point]] = {}
        self.offsets = self._spread_ends()
        self.tops, self.bottoms = self._bands(first_gap, last_gap)

    def level(self) -> Level:
        """The finished level."""
        centres = []
        for item in range(len(self.sizes)):
            centres.append((self.x[item], (self._edge(item, -1) + self._edge(item, 1)) / 2))
        return Level(centres, [self._path(path) for path in self.layered.paths])

    def _spread_ends(self) -> dict[tuple[int, bool, Hashable], float]:
        """Offsets of the places where lines meet items, side by side in the order in which they come.

        The line that is vertical keeps the middle.
        """
        # The other ends of the lines at each place; True is the upper side of an item.
        places: dict[tuple[int, bool], dict[End, list[float]]] = {}
        for s in self.layered.segments:
            upper, lower = self.x[s.upper] + s.upper_offset, self.x[s.lower] + s.lower_offset
            if s.upper_end:
                places.setdefault((s.upper, False), {}).setdefault(s.upper_end, []).append(lower)
            if s.lower_end:
                places.setdefault((s.lower, True), {}).setdefault(s.lower_end, []).append(upper)
        offsets: dict[tuple[int, bool, Hashable], float] = {}
        for (item, above), ends in places.items():
            free = []
            for end, others in ends.items():
                if end.offset is None:
                    free.append((sum(others) / len(others) - self.x[item], end))
                else:
                    offsets[item, above, end.key] = end.offset
            free.sort(key=lambda pair: pair[0])
            away = [abs(x) for x, _ in free]
            straight = min(away, default=1.0) < 1.0
            middle = away.index(min(away)) if straight else (len(free) - 1) / 2
            sides = max(middle, len(free) - 1 - middle, 1)
            step = min(_END_DISTANCE, (self.sizes[item][0] / 2 - 8) / sides)
            for i, (_, end) in enumerate(free):
                offsets[item, above, end.key] = (i - middle) * step
        return offsets

    def _upper_x(self, s: Segment) -> float:
        return self.x[s.upper] + (self.offsets[s.upper, False, s.upper_end.key] if s.upper_end else 0.0)

    def _lower_x(self, s: Segment) -> float:
        return self.x[s.lower] + (self.offsets[s.lower, True, s.lower_end.key] if s.lower_end else 0.0)

    def _bands(self, first_gap: float, last_gap: float) -> tuple[list[float], list[float]]:
        """The upper and lower edge of each rank."""
        count = len(self.layered.layers)
        heights = [
            max(self.sizes[node][1] for node in layer if node < len(self.sizes)) for layer in self.layered.layers
        ]
        farthest = [0.0] * count
        for s in self.layered.segments:
            rank = self.layered.ranks[s.upper]
            farthest[rank] = max(farthest[rank], abs(self._upper_x(s) - self._lower_x(s)))
        tops, bottoms = [], []
        y = 0.0
        for rank in range(count):
            tops.append(y)
            bottoms.append(y + heights[rank])
            gap = min(_GAP + _GAP_FOR_SLOPE * farthest[rank], _MOST_GAP)
            if rank == 0:
                gap = max(gap, first_gap)
            if rank == count - 2:
                gap = max(gap, last_gap)
            y = bottoms[-1] + gap
        return tops, bottoms

    def _path(self, segments: Sequence[Segment]) -> list[Point]:
        # Links that share a way are many where one item leads to many: its points are computed once.
        done = len(segments)
        while done and id(segments[done - 1]) not in self.ways:
            done -= 1
        points = self.ways[id(segments[done - 1])] if done else []
        for s in segments[done:]:
            points = points[:]
            for point in self._piece(s):
                if points and _is_same(point[0], points[-1][0]):
                    if _is_same(point[1], points[-1][1]):
                        continue
                    if len(points) > 1 and _is_same(point[0], points[-2][0]):
                        points.pop()
                points.append(point)
            self.ways[id(s)] = points
        return points

    def _piece(self, s: Segment) -> list[Point]:
        """From the edge of the upper node over those of the ranks to that of the lower one."""
        rank = self.layered.ranks[s.upper]
        from_x, to_x = self._upper_x(s), self._lower_x(s)
        from_y, to_y = self.bottoms[rank], self.tops[rank + 1]
        points = []
        if s.upper_end:
            points.append((from_x, self._edge(s.upper, 1)))
        points.append((from_x, from_y + (_STRAIGHT_END if s.upper_end and s.upper_end.straight else 0.0)))
        points.append((to_x, to_y - (_STRAIGHT_END if s.lower_end and s.lower_end.straight else 0.0)))
        points.append((to_x, self._edge(s.lower, -1) if s.lower_end else to_y))
        return points

    def _edge(self, item: int, side: int) -> float:
        """The y of the lower (1) or upper (-1) edge of an item."""
        rank = self.layered.ranks[item]
        top, bottom, height = self.tops[rank], self.bottoms[rank], self.sizes[item][1]
        # Beside a higher item: near to what it is connected to.
        if item not in self.leads_down:
            middle = top + height / 2
        elif item not in self.comes_from_above:
            middle = bottom - height / 2
        else:
            middle = (top + bottom) / 2
        return middle + side * height / 2


def _is_same(a: float, b: float) -> bool:
    return abs(a - b) < 1e-3
