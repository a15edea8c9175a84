"""First step of the layout: a rank for every item, and long links cut into pieces of one rank each.

The layout is Sugiyama's: ranks, order within ranks, coordinates.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Hashable, Sequence


@dataclasses.dataclass(frozen=True)
class End:
    """Where a link meets an item.

    Links with the same key meet it at the same place. ``offset`` is that place's distance from the item's
    centre, None if the layout may choose it. ``straight`` makes the line arrive at a right angle.
    """

    key: Hashable
    offset: float | None = None
    straight: bool = False


@dataclasses.dataclass(frozen=True)
class Link:
    """A line from the bottom of an item to the top of another one further down."""

    tail: int
    head: int
    tail_end: End
    head_end: End


@dataclasses.dataclass(frozen=True)
class Segment:
    """A piece of links between two nodes in neighbouring ranks; the ends are None at bends."""

    upper: int
    lower: int
    upper_end: End | None
    lower_end: End | None

    @property
    def upper_offset(self) -> float:
        """Where it begins, from the centre of the upper node, as far as it is fixed."""
        return (self.upper_end.offset or 0.0) if self.upper_end else 0.0

    @property
    def lower_offset(self) -> float:
        """Where it ends, from the centre of the lower node, as far as it is fixed."""
        return (self.lower_end.offset or 0.0) if self.lower_end else 0.0


@dataclasses.dataclass
class Layered:
    """Nodes in ranks: the items, and after them the bends of long links.

    Attributes:
        items: how many nodes are items.
        ranks: the rank of each node.
        layers: the nodes of each rank, in order.
        segments: each piece once; links from one place share theirs as far as they go together.
        paths: the segments of each link, from its tail on.
    """

    items: int
    ranks: list[int]
    layers: list[list[int]]
    segments: list[Segment]
    paths: list[list[Segment]]


def backward_edges(count: int, edges: Sequence[tuple[int, int]]) -> set[int]:
    """The edges to turn round so that no cycle is left: those that lead back on a walk depth first.

    Args:
        count: the number of items.
        edges: pairs of different items.

    Example:
        >>> backward_edges(3, [(0, 1), (1, 2), (2, 1)])
        {2}
    """
    outgoing: list[list[tuple[int, int]]] = [[] for _ in range(count)]
    entered = [False] * count
    for i, (source, target) in enumerate(edges):
        outgoing[source].append((i, target))
        entered[target] = True
    state = [0] * count
    backward = set()
    # From where nothing leads to first: a walk that starts inside a cycle may turn the wrong edge.
    for root in sorted(range(count), key=entered.__getitem__):
        if state[root]:
            continue
        state[root] = 1
        stack = [(root, iter(outgoing[root]))]
        while stack:
            item, rest = stack[-1]
            for i, target in rest:
                if state[target] == 1:
                    backward.add(i)
                elif not state[target]:
                    state[target] = 1
                    stack.append((target, iter(outgoing[target])))
                    break
            else:
                state[item] = 2
                stack.pop()
    return backward


def assign_ranks(
    count: int, edges: Collection[tuple[int, int]], top: Collection[int], bottom: Collection[int]
) -> list[int]:
    """A rank for each item, such that edges lead down.

    Args:
        count: the number of items.
        edges: pairs (upper, lower) without cycles.
        top: items that have the first rank for themselves.
        bottom: items that have the last rank for themselves.
    """
    below: list[list[int]] = [[] for _ in range(count)]
    missing = [0] * count
    for upper, lower in edges:
        below[upper].append(lower)
        missing[lower] += 1
    above = missing[:]
    ranks = [0 if i in top or not top else 1 for i in range(count)]
    # By longest path from the top.
    ready = [i for i in range(count) if not missing[i]]
    for item in ready:
        for lower in below[item]:
            ranks[lower] = max(ranks[lower], ranks[item] + 1)
            missing[lower] -= 1
            if not missing[lower]:
                ready.append(lower)
    last = max((ranks[i] for i in range(count) if i not in bottom), default=0) + 1
    for item in bottom:
        ranks[item] = last
    # What is needed further down only moves there: fewer long lines come out of it than led to it.
    for item in reversed(ready):
        if item not in top and item not in bottom and len(below[item]) > above[item]:
            ranks[item] = min(ranks[lower] for lower in below[item]) - 1
    return _without_gaps(ranks)


def _without_gaps(ranks: Sequence[int]) -> list[int]:
    used = {rank: i for i, rank in enumerate(sorted(set(ranks)))}
    return [used[rank] for rank in ranks]


def cut(count: int, links: Sequence[Link], ranks: Sequence[int]) -> Layered:
    """Bends in each rank that a link passes. A link's way down is that of others from the same place."""
    ranks = list(ranks)
    # The way straight down from each place, as far as any link needed it.
    trunks: dict[tuple[int, Hashable], list[Segment]] = {}
    segments: dict[Segment, Segment] = {}
    paths = []
    for link in links:
        trunk = trunks.setdefault((link.tail, link.tail_end.key), [])
        passed = ranks[link.head] - ranks[link.tail] - 1
        while len(trunk) < passed:
            upper, end = (trunk[-1].lower, None) if trunk else (link.tail, link.tail_end)
            trunk.append(Segment(upper, len(ranks), end, None))
            segments[trunk[-1]] = trunk[-1]
            ranks.append(ranks[upper] + 1)
        upper, end = (trunk[passed - 1].lower, None) if passed else (link.tail, link.tail_end)
        last = Segment(upper, link.head, end, link.head_end)
        paths.append([*trunk[:passed], segments.setdefault(last, last)])
    layered = Layered(count, ranks, [], list(segments), paths)
    layered.layers = _in_order_of_a_walk(layered)
    return layered


def _in_order_of_a_walk(layered: Layered) -> list[list[int]]:
    """The nodes of each rank in the order in which a walk depth first meets them: few lines cross then."""
    below: list[list[int]] = [[] for _ in layered.ranks]
    for segment in layered.segments:
        below[segment.upper].append(segment.lower)
    layers: list[list[int]] = [[] for _ in range(max(layered.ranks, default=-1) + 1)]
    has_upper = {segment.lower for segment in layered.segments}
    met = [False] * len(layered.ranks)
    for root in sorted(range(layered.items), key=has_upper.__contains__):
        stack = [root]
        while stack:
            node = stack.pop()
            if met[node]:
                continue
            met[node] = True
            layers[layered.ranks[node]].append(node)
            # Items before bends, so that a long link goes round what lies between on one side.
            order = sorted(below[node], key=lambda n: n >= layered.items)
            stack.extend(order[::-1])
    return layers
