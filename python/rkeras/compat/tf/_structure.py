"""Functions that rearrange, join, cut and pick."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from rkeras import ops
from rkeras.compat.tf._shapes import sizes


def _rows(indices: Any) -> tuple[Any, ...]:
    """An index tensor of shape ``(…, depth)`` as one index tensor an axis."""
    indices = ops.convert_to_tensor(indices)
    return tuple(indices[..., k] for k in range(indices.shape[-1]))


def reshape(tensor: Any, shape: Any, name: str | None = None) -> Any:
    """Gives the elements another shape; one size may be -1.

    Example:
        >>> reshape([[1, 2]], [-1]).tolist()
        [1, 2]
    """
    del name
    return ops.reshape(tensor, sizes(shape))


def concat(values: Any, axis: Any, name: str = "concat") -> Any:
    """Joins tensors along an axis.

    Example:
        >>> concat([[1], [2]], 0).tolist()
        [1, 2]
    """
    del name
    return ops.concatenate([ops.convert_to_tensor(value) for value in values], int(axis))


def split(value: Any, num_or_size_splits: Any, axis: int = 0, num: int | None = None, name: str = "split") -> list[Any]:
    """Cuts a tensor into equal parts, or into parts of given sizes, one of which may be -1.

    Example:
        >>> [part.tolist() for part in split([1, 2, 3], [1, -1])]
        [[1], [2, 3]]
    """
    del num, name
    if not isinstance(num_or_size_splits, (list, tuple)) and not getattr(num_or_size_splits, "shape", ()):
        return list(ops.split(value, int(num_or_size_splits), axis))
    parts = sizes(num_or_size_splits)
    if -1 in parts:
        length = ops.shape(value)[axis]
        if length is None:
            raise ValueError(f"the axis {axis} of unknown size cannot be split into {parts}; give every size")
        parts[parts.index(-1)] = length - sum(parts) - 1
    return list(ops.split(value, np.cumsum(parts)[:-1].tolist(), axis))


def reverse(tensor: Any, axis: Any, name: str | None = None) -> Any:
    """Turns axes around.

    Example:
        >>> reverse([1, 2], [0]).tolist()
        [2, 1]
    """
    del name
    return ops.flip(tensor, tuple(sizes(axis)))


def pad(tensor: Any, paddings: Any, mode: str = "CONSTANT", constant_values: Any = 0, name: str | None = None) -> Any:
    """Puts elements around a tensor.

    Args:
        tensor: a tensor.
        paddings: how many before and after, for each axis.
        mode: ``CONSTANT``, ``REFLECT`` or ``SYMMETRIC``.
        constant_values: the element for ``CONSTANT``.
        name: of no meaning.

    Returns:
        The larger tensor.

    Example:
        >>> pad([1], [[1, 2]]).tolist()
        [0, 1, 0, 0]
    """
    del name
    widths = [sizes(pair) for pair in (paddings if isinstance(paddings, (list, tuple)) else np.asarray(paddings))]
    kind = mode.lower()
    return ops.pad(tensor, widths, kind, constant_values if kind == "constant" else None)


def slice(input_: Any, begin: Any, size: Any, name: str | None = None) -> Any:
    """The part of a tensor that begins at given places; a size of -1 takes what is left.

    Example:
        >>> slice([1, 2, 3], [1], [-1]).tolist()
        [2, 3]
    """
    del name
    input_ = ops.convert_to_tensor(input_)
    starts = sizes(begin)
    lengths = np.asarray(size).tolist()
    stops = [None if n == -1 else start + n for start, n in zip(starts, lengths, strict=True)]
    import builtins

    return input_[tuple(builtins.slice(start, stop) for start, stop in zip(starts, stops, strict=True))]


def gather(
    params: Any,
    indices: Any,
    validate_indices: Any = None,
    axis: int | None = None,
    batch_dims: int = 0,
    name: str | None = None,
) -> Any:
    """Picks slices along an axis.

    Args:
        params: a tensor.
        indices: integers of any shape.
        validate_indices: of no meaning.
        axis: the axis along which to pick; the first one after the batch axes by default.
        batch_dims: how many leading axes ``params`` and ``indices`` share.
        name: of no meaning.

    Returns:
        A tensor with the axes of ``indices`` in place of the one picked along.

    Example:
        >>> gather([[1, 2], [3, 4]], [1]).tolist()
        [[3, 4]]
        >>> gather([[1, 2], [3, 4]], [[1], [0]], batch_dims=1).tolist()
        [[2], [3]]
    """
    del validate_indices, name
    axis = batch_dims if axis is None else axis
    if batch_dims == 0:
        return ops.take(params, indices, axis)
    if batch_dims < 0 or axis != batch_dims:
        raise ValueError(
            f"tf.gather with batch_dims={batch_dims} picks along axis={batch_dims} only in rkeras, got axis={axis}"
        )
    params, indices = ops.convert_to_tensor(params), ops.convert_to_tensor(indices)
    grid = [
        ops.reshape(ops.arange(n), [n if k == j else 1 for j in range(len(indices.shape))])
        for k, n in enumerate(indices.shape[:batch_dims])
    ]
    return params[(*grid, indices)]


def gather_nd(params: Any, indices: Any, batch_dims: int = 0, name: str | None = None) -> Any:
    """Picks elements or slices by their places.

    Args:
        params: a tensor.
        indices: integers of shape ``(…, depth)``: each row is a place in the first ``depth`` axes.
        batch_dims: 0 only.
        name: of no meaning.

    Returns:
        A tensor of shape ``indices.shape[:-1] + params.shape[depth:]``.

    Example:
        >>> gather_nd([[1, 2], [3, 4]], [[0, 1], [1, 0]]).tolist()
        [2, 3]
    """
    del name
    if batch_dims:
        raise ValueError(f"tf.gather_nd takes batch_dims=0 only in rkeras, got {batch_dims}")
    return ops.convert_to_tensor(params)[_rows(indices)]


def scatter_nd(indices: Any, updates: Any, shape: Any, name: str | None = None) -> Any:
    """Zeros with values added at given places.

    Example:
        >>> scatter_nd([[1], [1]], [2.0, 3.0], [3]).tolist()
        [0.0, 5.0, 0.0]
    """
    del name
    return ops.scatter(indices, updates, sizes(shape))


def tensor_scatter_nd_update(tensor: Any, indices: Any, updates: Any, name: str | None = None) -> Any:
    """A tensor with other values at given places.

    Example:
        >>> tensor_scatter_nd_update([1, 2, 3], [[1]], [7]).tolist()
        [1, 7, 3]
    """
    del name
    return ops.scatter_update(tensor, indices, updates)


def where(condition: Any, x: Any = None, y: Any = None, name: str | None = None) -> Any:
    """Elements of one tensor or another by a condition; without them, the places where it holds.

    Example:
        >>> where([True, False], [1, 2], [3, 4]).tolist(), where([False, True]).tolist()
        ([1, 4], [[1]])
    """
    del name
    if x is None and y is None:
        return ops.cast(ops.stack(ops.nonzero(condition), axis=-1), "int64")
    return ops.where(condition, x, y)


def boolean_mask(tensor: Any, mask: Any, axis: int | None = None, name: str = "boolean_mask") -> Any:
    """The slices for which a mask of known numbers holds.

    Example:
        >>> boolean_mask([1, 2, 3], [True, False, True]).tolist()
        [1, 3]
    """
    del name
    tensor = ops.convert_to_tensor(tensor)
    return tensor[(*[np.s_[:]] * (axis or 0), ops.cast(mask, "bool"))]


def _arg(function: Any, x: Any, axis: Any, dtype: Any) -> Any:
    found = function(x, 0 if axis is None else int(axis))
    return ops.cast(found, dtype)


def argmax(input: Any, axis: Any = None, output_type: Any = "int64", name: str | None = None) -> Any:
    """Where the largest element along an axis stands, along the first axis by default.

    Example:
        >>> argmax([[1, 5], [2, 3]], axis=1).tolist()
        [1, 1]
    """
    del name
    return _arg(ops.argmax, input, axis, output_type)


def argmin(input: Any, axis: Any = None, output_type: Any = "int64", name: str | None = None) -> Any:
    """Where the smallest element along an axis stands, along the first axis by default.

    Example:
        >>> argmin([3, 1, 2]).tolist()
        1
    """
    del name
    return _arg(ops.argmin, input, axis, output_type)


def _descending(direction: str) -> bool:
    if direction not in ("ASCENDING", "DESCENDING"):
        raise ValueError(f"direction must be 'ASCENDING' or 'DESCENDING', got {direction!r}")
    return direction == "DESCENDING"


def sort(values: Any, axis: int = -1, direction: str = "ASCENDING", name: str | None = None) -> Any:
    """Sorts along an axis.

    Example:
        >>> sort([2, 3, 1], direction="DESCENDING").tolist()
        [3, 2, 1]
    """
    del name
    ordered = ops.sort(values, axis)
    return ops.flip(ordered, axis) if _descending(direction) else ordered


def argsort(
    values: Any, axis: int = -1, direction: str = "ASCENDING", stable: bool = False, name: str | None = None
) -> Any:
    """The places that elements come from when they are sorted along an axis.

    Example:
        >>> argsort([2.0, 3.0, 1.0], direction="DESCENDING").tolist()
        [1, 0, 2]
    """
    del stable, name
    return ops.argsort(ops.negative(values) if _descending(direction) else values, axis)


def cumulated(function: Any, x: Any, axis: int, exclusive: bool, reverse: bool, neutral: int) -> Any:
    """A running sum or product, as ``tf.cumsum`` and ``tf.math.cumprod`` have it."""
    x = ops.convert_to_tensor(x)
    if reverse:
        x = ops.flip(x, axis)
    result = function(x, axis)
    if exclusive:
        axis %= len(x.shape)
        first = [(1, 0) if k == axis else (0, 0) for k in range(len(x.shape))]
        shifted = ops.pad(result, first, "constant", neutral)
        result = shifted[(*[np.s_[:]] * axis, np.s_[:-1])]
    return ops.flip(result, axis) if reverse else result


def cumsum(x: Any, axis: int = 0, exclusive: bool = False, reverse: bool = False, name: str | None = None) -> Any:
    """A running sum along an axis.

    Example:
        >>> cumsum([1, 2, 3]).tolist(), cumsum([1, 2, 3], exclusive=True, reverse=True).tolist()
        ([1, 3, 6], [5, 3, 0])
    """
    del name
    return cumulated(ops.cumsum, x, axis, exclusive, reverse, 0)


def cumprod(x: Any, axis: int = 0, exclusive: bool = False, reverse: bool = False, name: str | None = None) -> Any:
    """A running product along an axis.

    Example:
        >>> cumprod([1, 2, 3]).tolist()
        [1, 2, 6]
    """
    del name
    return cumulated(ops.cumprod, x, axis, exclusive, reverse, 1)


def meshgrid(*args: Any, indexing: str = "xy", name: str | None = None) -> Sequence[Any]:
    """Grids of coordinates.

    Example:
        >>> [grid.tolist() for grid in meshgrid([1, 2], [3])]
        [[[1, 2]], [[3, 3]]]
    """
    del name
    return list(ops.meshgrid(*args, indexing=indexing))


def clip_by_value(t: Any, clip_value_min: Any, clip_value_max: Any, name: str | None = None) -> Any:
    """Limits elements to a range.

    Example:
        >>> clip_by_value([-1.0, 3.0], 0, 1).tolist()
        [0.0, 1.0]
    """
    del name
    return ops.clip(t, clip_value_min, clip_value_max)
