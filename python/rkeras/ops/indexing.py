"""``tensor[key]``, and elements picked by index."""

from __future__ import annotations

import builtins
import operator
from typing import Any

import numpy as np

from rkeras import _engine
from rkeras.ops._dispatch import symbolic

__all__ = ["get_item", "ravel_index", "take", "take_along_axis"]


@symbolic
def get_item(x: Any, key: Any) -> Any:
    """``x[key]`` with integers, slices, ``...``, ``None``, index arrays and bool masks, as in NumPy.

    Args:
        x: tensor.
        key: what is in the brackets.

    Returns:
        The selected part.

    Raises:
        IndexError: an integer is out of range, or there are too many indices.

    Example:
        >>> import rkeras
        >>> int(rkeras.ops.get_item(rkeras.ops.arange(6), -1))
        5
    """
    x = _engine.convert(x)
    keys = list(key) if isinstance(key, tuple) else [key]
    if builtins.any(_is_mask(k) for k in keys):
        return _masked(x, keys)
    keys = _expand_ellipsis(keys, x.ndim)
    return _select(x, keys)


def _is_array(key: Any) -> bool:
    if isinstance(key, (list, np.ndarray)):
        return True
    return isinstance(key, (_engine.Tensor, _engine.Variable)) and (key.ndim > 0 or _is_traced(key))


def _is_traced(key: Any) -> bool:
    return builtins.bool(getattr(key, "is_traced", False))


def _is_mask(key: Any) -> bool:
    if isinstance(key, (np.ndarray, _engine.Tensor, _engine.Variable)):
        return str(key.dtype) == "bool"
    return isinstance(key, list) and builtins.bool(key) and builtins.all(isinstance(k, builtins.bool) for k in key)


def _masked(x: Any, keys: list[Any]) -> Any:
    # How many elements a mask selects depends on its numbers, so it cannot be traced.
    indices: list[Any] = []
    for k in keys:
        if _is_mask(k):
            indices.extend(np.nonzero(np.asarray(k)))
        else:
            indices.append(k)
    return get_item(x, tuple(indices))


def _expand_ellipsis(keys: list[Any], ndim: int) -> list[Any]:
    used = builtins.sum(k is not None and k is not Ellipsis for k in keys)
    if used > ndim:
        raise IndexError(f"{used} indices for a tensor of rank {ndim}")
    if builtins.sum(k is Ellipsis for k in keys) > 1:
        raise IndexError("an index can hold only one ellipsis")
    fill = [builtins.slice(None)] * (ndim - used)
    if builtins.any(k is Ellipsis for k in keys):
        at = next(i for i, k in enumerate(keys) if k is Ellipsis)
        return [*keys[:at], *fill, *keys[at + 1 :]]
    return [*keys, *fill]


def _select(x: Any, keys: list[Any]) -> Any:
    start, size, steps, shape = [], [], [], []
    arrays: list[tuple[int, Any]] = []
    axis = 0
    for k in keys:
        if k is None:
            shape.append(1)
            continue
        n = x.shape[axis]
        axis += 1
        if isinstance(k, builtins.slice):
            bounds = [None if v is None else operator.index(v) for v in (k.start, k.stop, k.step)]
            begin, stop, step = builtins.slice(*bounds).indices(n)
            count = len(range(begin, stop, step))
            start.append(begin if count else 0)
            size.append(count)
            steps.append(step)
            shape.append(count)
        elif _is_array(k):
            arrays.append((len(shape), k))
            start.append(0)
            size.append(n)
            steps.append(1)
            shape.append(n)
        else:
            i = operator.index(k)
            if not -n <= i < n:
                raise IndexError(f"index {i} is out of range for axis {axis - 1} of size {n}")
            start.append(i % n)
            size.append(1)
            steps.append(1)
    x = _engine.apply("slice", x, start=start, size=size, steps=steps)
    x = _engine.apply("reshape", x, shape=shape)
    return _take_arrays(x, arrays) if arrays else x


def _take_arrays(x: Any, arrays: list[tuple[int, Any]]) -> Any:
    """Picks by index arrays, which broadcast together; their axes go where the first stood, or first if apart."""
    for axis, k in arrays:
        if isinstance(k, (list, np.ndarray)):
            index = np.asarray(k)
            n = x.shape[axis]
            if index.size and (index.min() < -n or index.max() >= n):
                raise IndexError(f"an index is out of range for axis {axis} of size {n}")
    if len(arrays) == 1:
        axis, k = arrays[0]
        return _engine.apply("take", x, np.asarray(k, dtype=np.int64) if isinstance(k, list) else k, axis=axis)
    axes = [axis for axis, _ in arrays]
    together = axes == list(range(axes[0], axes[0] + len(axes)))
    indices = [_wrapped(k, x.shape[axis]) for axis, k in arrays]
    flat = indices[0]
    for (axis, _), index in zip(arrays[1:], indices[1:], strict=True):
        flat = flat * x.shape[axis] + index
    rest = [a for a in range(x.ndim) if a not in axes]
    x = _engine.apply("transpose", x, axes=[*axes, *rest])
    merged = [int(np.prod([x.shape[i] for i in range(len(axes))])), *x.shape[len(axes) :]]
    picked = _engine.apply("take", _engine.apply("reshape", x, shape=merged), flat, axis=0)
    if not together or axes[0] == 0:
        return picked
    new = list(range(flat.ndim))
    kept = list(range(flat.ndim, picked.ndim))
    return _engine.apply("transpose", picked, axes=[*kept[: axes[0]], *new, *kept[axes[0] :]])


def _wrapped(index: Any, n: int) -> Any:
    index = _engine.convert(np.asarray(index) if isinstance(index, list) else index, "int64")
    return _engine.apply("where", index < 0, index + n, index)


@symbolic
def take(x: Any, indices: Any, axis: int | None = None) -> Any:
    """Picks slices along an axis.

    Args:
        x: tensor.
        indices: integers of any shape, which takes the axis' place; negative ones count from the end.
        axis: the axis; the flattened tensor by default.

    Returns:
        A tensor of the picked slices; zeros for indices out of range.

    Example:
        >>> import rkeras
        >>> rkeras.ops.take([10, 20, 30], [2, 0]).tolist()
        [30, 10]
    """
    if axis is None:
        x, axis = _engine.apply("reshape", x, shape=[-1]), 0
    return _engine.apply("take", x, indices, axis=axis)


@symbolic
def take_along_axis(x: Any, indices: Any, axis: int | None = None) -> Any:
    """Picks one element along an axis for each index.

    Args:
        x: tensor.
        indices: integers, of the shape of ``x`` but for the axis (sizes of 1 broadcast).
        axis: the axis; the flattened tensor by default.

    Returns:
        A tensor of the shape of ``indices``.

    Example:
        >>> import rkeras
        >>> rkeras.ops.take_along_axis([[1, 2], [3, 4]], [[1], [0]], axis=1).tolist()
        [[2], [3]]
    """
    if axis is None:
        return _engine.apply("take_along_axis", _engine.apply("reshape", x, shape=[-1]), ravel_index(indices), axis=0)
    x, indices = _engine.convert(x), _engine.convert(indices)
    axis %= x.ndim
    shape = [
        i if a == axis else builtins.max(i, n) for a, (i, n) in enumerate(zip(indices.shape, x.shape, strict=True))
    ]
    wide = [n if a == axis else s for a, (n, s) in enumerate(zip(x.shape, shape, strict=True))]
    x, indices = _engine.apply("broadcast_to", x, shape=wide), _engine.apply("broadcast_to", indices, shape=shape)
    return _engine.apply("take_along_axis", x, indices, axis=axis)


def ravel_index(indices: Any) -> Any:
    """The indices along one axis.

    Args:
        indices: integers of any shape.

    Returns:
        A tensor of rank 1.

    Example:
        >>> ravel_index([[1], [2]]).shape
        (2,)
    """
    return _engine.apply("reshape", indices, shape=[-1])


_engine.set_getitem(get_item)
