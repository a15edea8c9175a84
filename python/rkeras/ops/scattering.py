"""Elements put in places: windows, scattered slices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from rkeras import _engine, ops
from rkeras.ops._dispatch import symbolic

__all__ = ["scatter", "scatter_update", "slice", "slice_update"]


@symbolic
def slice(inputs: Any, start_indices: Any, shape: Any) -> Any:
    """A window of a tensor.

    Args:
        inputs: tensor.
        start_indices: where it begins, an integer for each axis.
        shape: its sizes.

    Returns:
        A tensor of that shape.

    Raises:
        ValueError: the window leaves the tensor.

    Example:
        >>> import rkeras
        >>> rkeras.ops.slice([1, 2, 3, 4], [1], [2]).tolist()
        [2, 3]
    """
    return _engine.apply("slice", inputs, start=[int(i) for i in start_indices], size=[int(s) for s in shape])


@symbolic
def slice_update(inputs: Any, start_indices: Any, updates: Any) -> Any:
    """A tensor with a window of it replaced.

    Args:
        inputs: tensor.
        start_indices: where the window begins, an integer for each axis.
        updates: what goes there.

    Returns:
        A tensor of the shape of ``inputs``.

    Raises:
        ValueError: the window leaves the tensor.

    Example:
        >>> import rkeras
        >>> rkeras.ops.slice_update([1, 2, 3], [1], [9]).tolist()
        [1, 9, 3]
    """
    inputs = _engine.convert(inputs)
    updates = _engine.apply("cast", updates, dtype=inputs.dtype)
    return _engine.apply("slice_update", inputs, updates, start=[int(i) for i in start_indices])


@symbolic
def scatter(indices: Any, values: Any, shape: Sequence[int]) -> Any:
    """Zeros of a shape with values added at indices.

    Args:
        indices: integers (..., k): positions in the first k axes.
        values: what is added there; repeated positions add up.
        shape: the sizes of the result.

    Returns:
        A tensor of that shape.

    Example:
        >>> import rkeras
        >>> rkeras.ops.scatter([[0], [2]], [1.0, 2.0], (3,)).tolist()
        [1.0, 0.0, 2.0]
    """
    indices, values = _engine.convert(indices, "int64"), _engine.convert(values)
    k = indices.shape[-1]
    flat = _flat_positions(indices, shape[:k])
    inner = list(shape[k:])
    rows = _engine.apply("reshape", values, shape=[flat.size, *inner])
    size = int(np.prod(shape[:k]))
    added = _engine.apply("scatter_add", rows, _engine.apply("reshape", flat, shape=[-1]), axis=0, size=size)
    return _engine.apply("reshape", added, shape=list(shape))


def _flat_positions(indices: Any, sizes: Sequence[int]) -> Any:
    # Negative indices count from the end.
    indices = _engine.apply("where", indices < 0, indices + np.asarray(sizes, dtype=np.int64), indices)
    strides = np.append(np.cumprod(np.asarray(sizes)[::-1])[::-1][1:], 1).astype(np.int64)
    return _engine.apply("sum", indices * strides, axis=-1)


# How updates of one place are put together, and then with what stood there.
_REDUCTIONS = {
    "add": ("segment_sum", "add"),
    "max": ("segment_max", "maximum"),
    "min": ("segment_min", "minimum"),
    "mul": ("segment_prod", "multiply"),
}


@symbolic
def scatter_update(inputs: Any, indices: Any, updates: Any, reduction: str | None = None) -> Any:
    """A tensor with elements at indices replaced, or combined with others.

    Args:
        inputs: tensor.
        indices: integers (n, k): positions in the first k axes.
        updates: n slices.
        reduction: ``add``, ``mul``, ``max`` or ``min`` to combine them with what is there; by default they replace it,
            and of repeated positions the last wins.

    Returns:
        A tensor of the shape of ``inputs``.

    Raises:
        ValueError: another reduction.

    Example:
        >>> import rkeras
        >>> rkeras.ops.scatter_update([1, 2, 3], [[1]], [9]).tolist()
        [1, 9, 3]
        >>> rkeras.ops.scatter_update([1, 2, 3], [[1], [1]], [9, 8], reduction="add").tolist()
        [1, 19, 3]
    """
    reduction = reduction and reduction.lower()
    if reduction is not None and reduction not in _REDUCTIONS:
        raise ValueError(f"scatter_update: reduction must be one of {tuple(_REDUCTIONS)} or None, got {reduction!r}")
    inputs, indices = _engine.convert(inputs), _engine.convert(indices, "int64")
    updates = _engine.convert(updates, inputs.dtype)
    k = indices.shape[-1]
    size = int(np.prod(inputs.shape[:k]))
    inner = list(inputs.shape[k:])
    flat = _engine.apply("reshape", _flat_positions(indices, inputs.shape[:k]), shape=[-1])
    count = flat.shape[0]
    rows = _engine.apply("reshape", updates, shape=[count, *inner])
    old = _engine.apply("reshape", inputs, shape=[size, *inner])
    if reduction is not None:
        gathered, combined = _REDUCTIONS[reduction]
        new = _engine.apply(combined, old, getattr(ops, gathered)(rows, flat, size))
        return _engine.apply("reshape", new, shape=list(inputs.shape))
    # The number of the last update of each row, below 0 where there is none.
    place = ops.segment_max(np.arange(count, dtype="int32"), flat, size)
    hit = _engine.apply("reshape", place >= 0, shape=[size] + [1] * len(inner))
    new = _engine.apply("take", rows, _engine.apply("maximum", place, 0), axis=0) if count else old
    return _engine.apply("reshape", _engine.apply("where", hit, new, old), shape=list(inputs.shape))
