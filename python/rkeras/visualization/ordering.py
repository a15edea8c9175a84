"""Second step of the layout: an order within the ranks in which few lines cross."""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Sequence

from rkeras.visualization.layering import Layered, Segment

# Sweeps without a better result after which no further one is tried.
_PATIENCE = 4
_SWEEPS = 24

Place = tuple[int, float]


def reduce_crossings(layered: Layered) -> None:
    """Reorders the layers by sweeps up and down, in which nodes go where their neighbours are on average."""
    by_gap: list[list[Segment]] = [[] for _ in layered.layers]
    for segment in layered.segments:
        by_gap[layered.ranks[segment.upper]].append(segment)
    layers = [layer[:] for layer in layered.layers]
    fewest = _crossings(layers, by_gap)
    waited = 0
    for sweep in range(_SWEEPS):
        if not fewest or waited == _PATIENCE:
            return
        down = sweep % 2 == 0
        ranks = range(1, len(layers)) if down else range(len(layers) - 2, -1, -1)
        for rank in ranks:
            _reorder(layers, rank, by_gap[rank - 1 if down else rank], down)
        _swap_neighbours(layers, by_gap)
        count = _crossings(layers, by_gap)
        waited += 1
        if count < fewest:
            fewest, waited = count, 0
            layered.layers = [layer[:] for layer in layers]


def _places(layer: Sequence[int]) -> dict[int, int]:
    return {node: i for i, node in enumerate(layer)}


def _reorder(layers: list[list[int]], rank: int, gap: Sequence[Segment], down: bool) -> None:
    """Sorts a layer by the mean place of the neighbours in the layer before it; others stay where they are."""
    fixed = _places(layers[rank - 1 if down else rank + 1])
    found: dict[int, list[float]] = {}
    for segment in gap:
        if down:
            found.setdefault(segment.lower, []).append(fixed[segment.upper] + _shift(segment.upper_offset))
        else:
            found.setdefault(segment.upper, []).append(fixed[segment.lower] + _shift(segment.lower_offset))
    mean = {node: sum(places) / len(places) for node, places in found.items()}
    ordered = iter(sorted((node for node in layers[rank] if node in mean), key=mean.__getitem__))
    layers[rank] = [next(ordered) if node in mean else node for node in layers[rank]]


def _shift(offset: float) -> float:
    """A place on a wide item as a fraction of a place in the order: below one half, whatever the offset."""
    return 0.5 * offset / (abs(offset) + 50.0)


def _ends(gap: Sequence[Segment], upper: dict[int, int], lower: dict[int, int]) -> list[tuple[Place, Place]]:
    return sorted(
        ((upper[s.upper], s.upper_offset), (lower[s.lower], s.lower_offset)) for s in gap
    )


def _crossings(layers: Sequence[Sequence[int]], by_gap: Sequence[Sequence[Segment]]) -> int:
    places = [_places(layer) for layer in layers]
    total = 0
    for rank in range(len(layers) - 1):
        seen: list[Place] = []
        # From left to right by the upper ends, those that share one from left to right by the lower ends.
        for _, place in _ends(by_gap[rank], places[rank], places[rank + 1]):
            total += len(seen) - bisect_right(seen, place)
            insort(seen, place)
    return total


def _swap_neighbours(layers: list[list[int]], by_gap: Sequence[Sequence[Segment]]) -> None:
    """Swaps nodes side by side where fewer lines cross then: what averages cannot see."""
    for rank, layer in enumerate(layers):
        if len(layer) < 2:
            continue
        around: dict[int, tuple[list[Place], list[Place]]] = {node: ([], []) for node in layer}
        if rank:
            above = _places(layers[rank - 1])
            for s in by_gap[rank - 1]:
                around[s.lower][0].append((above[s.upper], s.upper_offset))
        if rank + 1 < len(layers):
            below = _places(layers[rank + 1])
            for s in by_gap[rank]:
                around[s.upper][1].append((below[s.lower], s.lower_offset))
        for places in around.values():
            places[0].sort()
            places[1].sort()
        for i in range(len(layer) - 1):
            left, right = around[layer[i]], around[layer[i + 1]]
            now = _inversions(left[0], right[0]) + _inversions(left[1], right[1])
            then = _inversions(right[0], left[0]) + _inversions(right[1], left[1])
            if then < now:
                layer[i], layer[i + 1] = layer[i + 1], layer[i]


def _inversions(left: Sequence[Place], right: Sequence[Place]) -> int:
    """How many lines of the left node cross lines of the right one; both sorted."""
    return sum(len(left) - bisect_right(left, place) for place in right)
