"""``tensor[key]`` and its relatives: take, scatter, slice, one_hot."""

from __future__ import annotations

import builtins
import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from rkeras import _engine
from rkeras.ops._dispatch import symbolic


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
    strides = np.append(np.cumprod(np.asarray(sizes)[::-1])[::-1][1:], 1).astype(np.int64)
    return _engine.apply("sum", indices * strides, axis=-1)


@symbolic
def scatter_update(inputs: Any, indices: Any, updates: Any) -> Any:
    """A tensor with elements at indices replaced; of repeated positions the last wins.

    Args:
        inputs: tensor.
        indices: integers (n, k): positions in the first k axes.
        updates: n slices.

    Returns:
        A tensor of the shape of ``inputs``.

    Example:
        >>> import rkeras
        >>> rkeras.ops.scatter_update([1, 2, 3], [[1]], [9]).tolist()
        [1, 9, 3]
    """
    inputs, indices = _engine.convert(inputs), _engine.convert(indices, "int64")
    updates = _engine.convert(updates, inputs.dtype)
    k = indices.shape[-1]
    size = int(np.prod(inputs.shape[:k]))
    flat = _engine.apply("reshape", _flat_positions(indices, inputs.shape[:k]), shape=[-1])
    # The place (counted from 1) of the last update of each row; 0 where there is none.
    count = flat.shape[0]
    same = _engine.apply(
        "equal", _engine.apply("reshape", flat, shape=[count, 1]), _engine.apply("reshape", flat, shape=[1, count])
    )
    later = np.triu(np.ones((count, count), dtype=bool), 1)
    last = _engine.apply("logical_not", _engine.apply("any", _engine.apply("logical_and", same, later), axis=1))
    marks = _engine.apply("where", last, np.arange(1, count + 1, dtype=np.int64), np.int64(0))
    place = _engine.apply("scatter_add", marks, flat, axis=0, size=size)
    inner = list(inputs.shape[k:])
    rows = _engine.apply("reshape", updates, shape=[count, *inner])
    new = _engine.apply("take", rows, _engine.apply("maximum", place - 1, 0), axis=0)
    old = _engine.apply("reshape", inputs, shape=[size, *inner])
    hit = _engine.apply("reshape", place > 0, shape=[size] + [1] * len(inner))
    return _engine.apply("reshape", _engine.apply("where", hit, new, old), shape=list(inputs.shape))


@symbolic
def one_hot(x: Any, num_classes: int, axis: int = -1, dtype: str | None = None, sparse: bool = False) -> Any:
    """A new axis with one at the place that each integer names.

    Args:
        x: integers; one that names no class gives zeros.
        num_classes: size of the new axis.
        axis: where it goes.
        dtype: dtype of the result; the default float by default.
        sparse: must be False; tensors are dense here.

    Returns:
        A tensor of one rank more.

    Raises:
        ValueError: ``sparse`` is asked for.

    Example:
        >>> import rkeras
        >>> rkeras.ops.one_hot([1, 0], 2).tolist()
        [[0.0, 1.0], [1.0, 0.0]]
    """
    from rkeras.ops.structure import moveaxis

    if sparse:
        raise ValueError("sparse tensors are not supported; leave sparse=False")
    x = _engine.convert(x)
    hot = _engine.apply("one_hot", x, num_classes=num_classes, dtype=dtype or _engine.floatx())
    return hot if axis in (-1, x.ndim) else moveaxis(hot, -1, axis)


@symbolic
def multi_hot(inputs: Any, num_classes: int, axis: int = -1, dtype: str | None = None, sparse: bool = False) -> Any:
    """One at every place that one of the integers of a row names.

    Args:
        inputs: integers.
        num_classes: size of the axis that takes the last one's place.
        axis: where it goes.
        dtype: dtype of the result; the default float by default.
        sparse: must be False; tensors are dense here.

    Returns:
        A tensor of zeros and ones.

    Example:
        >>> import rkeras
        >>> rkeras.ops.multi_hot([[0, 2]], 3).tolist()
        [[1.0, 0.0, 1.0]]
    """
    inputs = _engine.convert(inputs)
    hot = one_hot(inputs, num_classes, axis=axis, dtype=dtype, sparse=sparse)
    reduce_axis = 1 if inputs.ndim > 1 else 0
    return _engine.apply("max", hot, axis=reduce_axis)


@symbolic
def in_top_k(targets: Any, predictions: Any, k: int) -> Any:
    """Whether the target class is among the k most probable of its row.

    Args:
        targets: integers (n,).
        predictions: floats (n, classes).
        k: how many classes count.

    Returns:
        A bool tensor (n,); classes that tie with the k-th count as in.

    Example:
        >>> import rkeras
        >>> rkeras.ops.in_top_k([0, 1], [[0.9, 0.1], [0.8, 0.2]], k=1).tolist()
        [True, False]
    """
    targets, predictions = _engine.convert(targets, "int64"), _engine.convert(predictions)
    index = _engine.apply("reshape", targets, shape=[*targets.shape, 1])
    own = _engine.apply("take_along_axis", predictions, index, axis=-1)
    above = _engine.apply("sum", _engine.apply("cast", predictions > own, dtype="int32"), axis=-1)
    finite = _engine.apply("isfinite", _engine.apply("reshape", own, shape=list(targets.shape)))
    return _engine.apply("logical_and", above < k, finite)


_engine.set_getitem(get_item)
