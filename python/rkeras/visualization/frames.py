"""Levels inside each other: a cluster is laid out by itself and is one item of what is around it then.

An edge that enters or leaves clusters is one link in the innermost level that has both its ends, and in each
cluster on the way a link to a port on the frame. Ranks go down here, whatever the direction of the picture.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from itertools import pairwise

from rkeras.visualization.layering import End, Link, backward_edges
from rkeras.visualization.level import Level, Point, lay_out

# ("box", index) or ("cluster", index).
Item = tuple[str, int]
# Where lines cross frames: the box inside, the frame's side (True: upper), whether an arrow points at the box.
Port = tuple[int, bool, bool]

# Between a cluster's frame and what is in it.
_PADDING = 14.0
# A line from a box to itself takes so much room at its side.
LOOP = 24.0


@dataclasses.dataclass
class Frame:
    """A laid out level, with places relative to the upper left corner of its frame."""

    items: list[Item]
    centres: list[Point]
    width: float
    height: float
    # The paths of edges that are links of this level, and of those to ports.
    edge_paths: dict[int, list[Point]]
    port_paths: dict[Port, list[Point]]
    ports: dict[Port, float]


@dataclasses.dataclass(frozen=True)
class _Way:
    """An edge from the upper to the lower of its boxes; ``up`` if it leads from the lower to the upper one."""

    up: bool
    level: int | None
    # The boxes with the clusters around them, from the outermost inside the level to the box itself.
    upper: list[Item]
    lower: list[Item]

    @property
    def upper_port(self) -> Port:
        return (self.upper[-1][1], False, self.up)

    @property
    def lower_port(self) -> Port:
        return (self.lower[-1][1], True, not self.up)


class Frames:
    """The frames of all clusters by index, and under None that of the whole.

    Args:
        parents: the cluster of each item.
        sizes: width and height of each box.
        labels: width and height of each cluster's label.
        edges: pairs of boxes.
        rankdir: the direction of the picture, which decides where labels are.
    """

    def __init__(
        self,
        parents: dict[Item, int | None],
        sizes: Sequence[tuple[float, float]],
        labels: Sequence[tuple[float, float]],
        edges: Sequence[tuple[int, int]],
        rankdir: str,
    ) -> None:
        self.parents = parents
        self.horizontal = rankdir in ("LR", "RL")
        self.label_last = rankdir == "BT"
        self.sizes = [(h, w) if self.horizontal else (w, h) for w, h in sizes]
        self.labels = labels
        self.edges = edges
        self.loops = sorted({a for a, b in edges if a == b})
        # By cluster, in the order of the first box in each item.
        children: dict[int | None, dict[Item, None]] = {None: {}}
        for i in range(len(sizes)):
            for item in self._chain(i):
                children.setdefault(parents[item], {})[item] = None
        self._children = {cluster: list(items) for cluster, items in children.items()}
        self._ways = self._find_ways()
        self._frames: dict[int | None, Frame] = {}
        for cluster in [*self._innermost_first(), None]:
            self._frames[cluster] = self._lay_out(cluster)

    def __getitem__(self, cluster: int | None) -> Frame:
        return self._frames[cluster]

    def size(self, item: Item) -> tuple[float, float]:
        """The width and height of a box or a cluster."""
        if item[0] == "box":
            return self.sizes[item[1]]
        frame = self._frames[item[1]]
        return frame.width, frame.height

    def way_of(self, edge: int) -> list[tuple[int | None, list[Point]]]:
        """The pieces of an edge's way from its source to its target, each with the cluster it is relative to."""
        way = self._ways[edge]
        pieces: list[tuple[int | None, list[Point]]] = []
        for _, cluster in reversed(way.upper[:-1]):
            pieces.append((cluster, self._frames[cluster].port_paths[way.upper_port]))
        pieces.append((way.level, self._frames[way.level].edge_paths[edge]))
        for _, cluster in way.lower[:-1]:
            pieces.append((cluster, self._frames[cluster].port_paths[way.lower_port]))
        return [(cluster, path[::-1]) for cluster, path in reversed(pieces)] if way.up else pieces

    def _is_loop(self, item: Item) -> bool:
        return item[0] == "box" and item[1] in self.loops

    def _innermost_first(self) -> list[int]:
        order: list[int] = []
        stack: list[int | None] = [None]
        while stack:
            inner = [index for kind, index in self._children.get(stack.pop(), ()) if kind == "cluster"]
            order += inner
            stack += inner
        return order[::-1]

    def _chain(self, box: int) -> list[Item]:
        chain: list[Item] = [("box", box)]
        while (parent := self.parents[chain[-1]]) is not None:
            chain.append(("cluster", parent))
        return chain[::-1]

    def _find_ways(self) -> dict[int, _Way]:
        by_level: dict[int | None, list[tuple[int, list[Item], list[Item]]]] = {}
        for i, (source, target) in enumerate(self.edges):
            if source == target:
                continue
            a, b = self._chain(source), self._chain(target)
            common = next(k for k, (x, y) in enumerate(zip(a, b, strict=False)) if x != y)
            level = a[common - 1][1] if common else None
            by_level.setdefault(level, []).append((i, a[common:], b[common:]))
        ways = {}
        for level, found in by_level.items():
            number = {item: i for i, item in enumerate(self._children[level])}
            backward = backward_edges(len(number), [(number[a[0]], number[b[0]]) for _, a, b in found])
            for k, (i, a, b) in enumerate(found):
                ways[i] = _Way(True, level, b, a) if k in backward else _Way(False, level, a, b)
        return dict(sorted(ways.items()))

    def _end(self, item: Item, port: Port, source: object) -> End:
        """Where a line meets an item: at a cluster's port, or where the layout likes it at a box."""
        if item[0] == "cluster":
            frame = self._frames[item[1]]
            return End(port, frame.ports[port] - frame.width / 2, straight=True)
        # What leaves a box is one tensor, mostly, so it leaves in one place; what enters are several.
        return End(source, straight=True) if port[2] else End("out")

    def _lay_out(self, cluster: int | None) -> Frame:
        items = self._children.get(cluster, [])
        number = {item: i for i, item in enumerate(items)}
        links: list[Link] = []
        edges: list[int] = []
        ports: dict[Port, Item] = {}
        for i, way in self._ways.items():
            if way.level == cluster:
                ends = (
                    self._end(way.upper[0], way.upper_port, i),
                    self._end(way.lower[0], way.lower_port, i),
                )
                links.append(Link(number[way.upper[0]], number[way.lower[0]], *ends))
                edges.append(i)
            for chain, port in ((way.upper, way.upper_port), (way.lower, way.lower_port)):
                for outer, inner in pairwise(chain):
                    if outer == ("cluster", cluster):
                        ports[port] = inner
        at_port = {port: len(items) + k for k, port in enumerate(ports)}
        for port, inner in ports.items():
            frame_end, inner_end = End("port", 0.0), self._end(inner, port, port)
            if port[1]:
                links.append(Link(at_port[port], number[inner], frame_end, inner_end))
            else:
                links.append(Link(number[inner], at_port[port], inner_end, frame_end))
        sizes = [*(self.size(item) for item in items), *((0.0, 0.0) for _ in ports)]
        room = [2 * LOOP if self._is_loop(item) else 0.0 for item in items]
        label = (0.0, 0.0) if cluster is None else self.labels[cluster]
        beside = label[1] + _PADDING if cluster is not None and not self.horizontal else 0.0
        level = lay_out(
            sizes,
            links,
            room=room,
            top=[item for port, item in at_port.items() if port[1]],
            bottom=[item for port, item in at_port.items() if not port[1]],
            first_gap=0.0 if self.label_last else beside,
            last_gap=beside if self.label_last else 0.0,
        )
        return self._framed(cluster, items, level, sizes, edges, at_port, label)

    def _framed(
        self,
        cluster: int | None,
        items: list[Item],
        level: Level,
        sizes: Sequence[tuple[float, float]],
        edges: Sequence[int],
        at_port: dict[Port, int],
        label: tuple[float, float],
    ) -> Frame:
        """The level with a frame around it that has room for its label."""
        across = [x for path in level.paths for x, _ in path]
        along: list[float] = []
        for i, ((x, y), (width, height)) in enumerate(zip(level.centres, sizes, strict=True)):
            reach = width / 2 + (LOOP if i < len(items) and self._is_loop(items[i]) else 0.0)
            across += [x - reach, x + reach]
            along += [y - height / 2, y + height / 2]
        left, right, top, bottom = min(across), max(across), min(along), max(along)
        if cluster is not None:
            left, right = left - _PADDING, right + _PADDING
            # Frames end at their ports.
            has_top = any(port[1] for port in at_port)
            has_bottom = any(not port[1] for port in at_port)
            top -= 0.0 if has_top else _PADDING
            bottom += 0.0 if has_bottom else _PADDING
            if self.horizontal:
                left -= label[1]
                bottom = max(bottom, top + label[0])
            else:
                if self.label_last:
                    bottom += 0.0 if has_bottom else label[1]
                else:
                    top -= 0.0 if has_top else label[1]
                # Lines that enter beside the label do not cross it.
                beside = [level.centres[i][0] for port, i in at_port.items() if port[1] != self.label_last]
                left = min([left, *(x - label[0] - 4 for x in beside)])
                right = max(right, left + label[0])
        paths = [[(x - left, y - top) for x, y in path] for path in level.paths]
        return Frame(
            items=items,
            centres=[(x - left, y - top) for x, y in level.centres[: len(items)]],
            width=right - left,
            height=bottom - top,
            edge_paths=dict(zip(edges, paths, strict=False)),
            port_paths=dict(zip(at_port, paths[len(edges) :], strict=True)),
            ports={port: level.centres[i][0] - left for port, i in at_port.items()},
        )
