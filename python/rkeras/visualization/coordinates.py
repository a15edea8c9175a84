"""Third step of the layout: where the nodes of each rank are, so that long lines are straight.

Segments are chosen to be vertical, the most important first; the nodes that they join are a block, which moves
as one. Blocks never change sides, so they are packed from both sides, and the mean of both is improved by
moving each block to the median of its neighbours. The same idea as Brandes and Köpf's four alignments, but
with one, which knows that the way through items matters more than the way of a skip connection.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Sequence
from itertools import pairwise

from rkeras.visualization.layering import Layered, Segment

_SWEEPS = 12
ITEM_DISTANCE = 30.0
BEND_DISTANCE = 18.0


def assign_coordinates(layered: Layered, widths: Sequence[float]) -> list[float]:
    """The horizontal place of the centre of each node.

    Args:
        layered: ranks in their final order.
        widths: of each node, zero for bends.

    Returns:
        Places such that nodes of a rank are in order and do not touch.
    """
    blocks = _Blocks(layered, widths, _align(layered))
    left = blocks.pack()
    right = blocks.pack(reverse=True)
    middle = _mean(left, right)
    # Of two blocks that want the same place, the one that moves first gets it: the mean is fair to both.
    return blocks.places_of_nodes(_mean(blocks.improve(middle, False), blocks.improve(middle, True)))


def _mean(a: Sequence[float], b: Sequence[float]) -> list[float]:
    return [(x + y) / 2 for x, y in zip(a, b, strict=True)]


def _priority(layered: Layered, segment: Segment) -> int:
    bends = (segment.upper >= layered.items) + (segment.lower >= layered.items)
    # Inside long lines, between items, at the ends of long lines.
    return (1, 2, 0)[bends]


def _align(layered: Layered) -> list[Segment]:
    """Segments to be vertical: they do not cross, and at most one leads to each side of a node."""
    place = {node: i for layer in layered.layers for i, node in enumerate(layer)}
    below: dict[int, list[Segment]] = {}
    above: dict[int, list[Segment]] = {}
    for segment in layered.segments:
        below.setdefault(segment.upper, []).append(segment)
        above.setdefault(segment.lower, []).append(segment)

    def order(segment: Segment) -> tuple[tuple[int, float], tuple[int, float]]:
        upper, lower = segment.upper, segment.lower
        return (place[upper], segment.upper_offset), (place[lower], segment.lower_offset)

    def is_middle(segment: Segment, others: list[Segment]) -> bool:
        if len(others) == 1:
            return True
        if len(others) == 2:
            # The way on from a layer rather than the line that goes round it.
            return all(_priority(layered, s) > _priority(layered, segment) for s in others if s is not segment)
        # With an even number, the node is centred between the middle two instead.
        return len(others) % 2 == 1 and sorted(others, key=order)[len(others) // 2] is segment

    wanted = [
        segment
        for segment in layered.segments
        if not _priority(layered, segment)
        or (is_middle(segment, below[segment.upper]) and is_middle(segment, above[segment.lower]))
    ]
    wanted.sort(key=lambda s: (_priority(layered, s), layered.ranks[s.upper], order(s)))
    accepted: list[Segment] = []
    by_gap: dict[int, list[tuple[int, int]]] = {}
    for segment in wanted:
        pair = (place[segment.upper], place[segment.lower])
        gap = by_gap.setdefault(layered.ranks[segment.upper], [])
        i = bisect_left(gap, pair)
        before = gap[i - 1] if i else (-1, -1)
        after = gap[i] if i < len(gap) else (len(place), len(place))
        if before[0] < pair[0] < after[0] and before[1] < pair[1] < after[1]:
            gap.insert(i, pair)
            accepted.append(segment)
    return accepted


class _Blocks:
    """Nodes joined by vertical segments."""

    def __init__(self, layered: Layered, widths: Sequence[float], vertical: Sequence[Segment]) -> None:
        count = len(layered.ranks)
        self.block = list(range(count))
        # A node's centre from that of its block's first node.
        self.shift = [0.0] * count
        for segment in sorted(vertical, key=lambda s: layered.ranks[s.upper]):
            upper, lower = segment.upper, segment.lower
            self.block[lower] = self.block[upper]
            self.shift[lower] = self.shift[upper] + segment.upper_offset - segment.lower_offset
        # Least distances of blocks side by side: neighbours on the right with the distance, and on the left.
        self.right: list[dict[int, float]] = [{} for _ in range(count)]
        self.left: list[dict[int, float]] = [{} for _ in range(count)]
        for layer in layered.layers:
            for a, b in pairwise(layer):
                both_items = a < layered.items and b < layered.items
                apart = (widths[a] + widths[b]) / 2 + (ITEM_DISTANCE if both_items else BEND_DISTANCE)
                u, v = self.block[a], self.block[b]
                distance = max(apart + self.shift[a] - self.shift[b], self.right[u].get(v, -math.inf))
                self.right[u][v] = self.left[v][u] = distance
        # Lines to other blocks: where this block's first node should be, relative to the other one's.
        self.pulls: list[list[tuple[int, float]]] = [[] for _ in range(count)]
        for s in layered.segments:
            u, v = self.block[s.upper], self.block[s.lower]
            if u != v:
                offset = self.shift[s.upper] + s.upper_offset - self.shift[s.lower] - s.lower_offset
                self.pulls[v].append((u, offset))
                self.pulls[u].append((v, -offset))
        self.order = self._from_left_to_right()

    def _from_left_to_right(self) -> list[int]:
        missing = [len(lefts) for lefts in self.left]
        order = [b for b in range(len(missing)) if self.block[b] == b and not missing[b]]
        for block in order:
            for right in self.right[block]:
                missing[right] -= 1
                if not missing[right]:
                    order.append(right)
        return order

    def pack(self, reverse: bool = False) -> list[float]:
        """Each block as far to the left (or right) as those beside it allow; the leftmost is at 0."""
        x = [0.0] * len(self.block)
        if reverse:
            for block in reversed(self.order):
                x[block] = min((x[b] - d for b, d in self.right[block].items()), default=0.0)
            least = min((x[block] for block in self.order), default=0.0)
            return [value - least for value in x]
        for block in self.order:
            x[block] = max((x[b] + d for b, d in self.left[block].items()), default=0.0)
        return x

    def improve(self, start: Sequence[float], from_right: bool) -> list[float]:
        """Moves blocks towards the median of what they are connected to, in turns from both sides."""
        x = list(start)
        for sweep in range(_SWEEPS):
            moved = 0.0
            for block in reversed(self.order) if sweep % 2 != from_right else self.order:
                pulls = sorted(x[other] + offset for other, offset in self.pulls[block])
                if not pulls:
                    continue
                half = len(pulls) // 2
                wanted = pulls[half] if len(pulls) % 2 else (pulls[half - 1] + pulls[half]) / 2
                least = max((x[b] + d for b, d in self.left[block].items()), default=-math.inf)
                most = min((x[b] - d for b, d in self.right[block].items()), default=math.inf)
                new = max(least, min(wanted, most))
                moved = max(moved, abs(new - x[block]))
                x[block] = new
            if moved < 0.5:
                break
        return x

    def places_of_nodes(self, x: Sequence[float]) -> list[float]:
        """The centres of all nodes."""
        return [x[block] + shift for block, shift in zip(self.block, self.shift, strict=True)]
