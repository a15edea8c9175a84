"""Where numbers stand among others, and how many there are."""

from __future__ import annotations

import builtins
from typing import Any

import numpy as np

from rkeras import _engine, ops
from rkeras.ops._arguments import axis_index
from rkeras.ops._dispatch import symbolic
from rkeras.ops.segments import segment_sum

__all__ = ["argpartition", "bincount", "digitize", "histogram", "isin", "searchsorted", "unique"]


@symbolic
def searchsorted(sorted_sequence: Any, values: Any, side: str = "left") -> Any:
    """Where numbers would have to be put into a sorted sequence to keep it sorted.

    Args:
        sorted_sequence: vector in ascending order.
        values: tensor of any shape.
        side: in front of equal elements (``left``) or behind them (``right``).

    Returns:
        An int32 tensor of the shape of ``values``.

    Raises:
        ValueError: the sequence is no vector, or another side.

    Example:
        >>> import rkeras
        >>> rkeras.ops.searchsorted([1.0, 3.0, 5.0], [3.0, 4.0]).tolist()
        [1, 2]
    """
    if side not in ("left", "right"):
        raise ValueError(f"side must be 'left' or 'right', got {side!r}")
    line, values = _engine.convert(sorted_sequence), _engine.convert(values)
    if line.ndim != 1:
        raise ValueError(f"searchsorted needs a vector to search in, got shape {line.shape}")
    place = ops.zeros(values.shape, "int32")
    step = 1 << line.size.bit_length()
    # Bits of the place, the highest one first: each one stays set if all elements before it are passed.
    while step:
        further = place + step
        met = ops.take(line, ops.minimum(further, line.size) - 1) if line.size else values
        passed = ops.less_equal(met, values) if side == "right" else ops.less(met, values)
        # NaN is sorted behind all numbers.
        passed = ops.logical_or(passed, ops.isnan(values)) if values.dtype.startswith(("float", "bfloat")) else passed
        place = ops.where(ops.logical_and(further <= line.size, passed), further, place)
        step //= 2
    return place


@symbolic
def digitize(x: Any, bins: Any) -> Any:
    """The number of the bin that each element falls into.

    Args:
        x: tensor of any shape.
        bins: the limits between bins, in ascending order; a limit belongs to the bin above it.

    Returns:
        An int32 tensor; 0 below the first limit.

    Example:
        >>> import rkeras
        >>> rkeras.ops.digitize([0.5, 1.0, 9.0], [1.0, 2.0]).tolist()
        [0, 1, 2]
    """
    return searchsorted(bins, x, "right")


@symbolic
def isin(x1: Any, x2: Any, assume_unique: bool = False, invert: bool = False) -> Any:
    """True where an element is one of others.

    Args:
        x1: tensor of any shape.
        x2: tensor of the elements to look for.
        assume_unique: accepted for compatibility.
        invert: True where it is none of them.

    Returns:
        A bool tensor of the shape of ``x1``.

    Example:
        >>> import rkeras
        >>> rkeras.ops.isin([1, 2, 3], [3, 1]).tolist()
        [True, False, True]
    """
    del assume_unique
    x1, x2 = _engine.convert(x1), ops.ravel(x2)
    if not x2.size:
        return ops.full(x1.shape, invert, dtype="bool")
    common = _engine.result_type([x1.dtype, x2.dtype])
    x1, line = ops.cast(x1, common), ops.sort(ops.cast(x2, common))
    place = ops.minimum(searchsorted(line, x1), line.size - 1)
    found = ops.equal(ops.take(line, place), x1)
    return ops.logical_not(found) if invert else found


@symbolic
def bincount(x: Any, weights: Any = None, minlength: int = 0, sparse: bool = False) -> Any:
    """How often each number occurs.

    Args:
        x: vector of integers that are not negative, or a matrix whose rows are counted by themselves.
        weights: how much each counts; 1 by default.
        minlength: the least length of the result.
        sparse: must be False; tensors are dense here.

    Returns:
        A vector whose i-th element counts the number i, or a row of counts for each row. Its length follows from the
        largest number, which therefore must be known: a traced ``x`` raises ``TracedValueError``.

    Raises:
        ValueError: more than two axes, or ``sparse`` is asked for.

    Example:
        >>> import rkeras
        >>> rkeras.ops.bincount([1, 2, 2]).tolist()
        [0, 1, 2]
    """
    if sparse:
        raise ValueError("sparse tensors are not supported; leave sparse=False")
    x = _engine.convert(x)
    if x.ndim not in (1, 2):
        raise ValueError(f"bincount takes a vector or a matrix, got shape {x.shape}")
    size = builtins.max(int(ops.max(x, initial=-1)) + 1, int(minlength))
    rows = x.shape[0] if x.ndim == 2 else 1
    counted = ops.ones(x.shape, "int32") if weights is None else _engine.convert(weights)
    starts = ops.reshape(ops.arange(rows, dtype="int32") * size, (rows, 1) if x.ndim == 2 else (1,))
    found = segment_sum(ops.ravel(counted), ops.ravel(ops.cast(x, "int32") + starts), rows * size)
    return ops.reshape(found, (rows, size)) if x.ndim == 2 else found


@symbolic
def histogram(x: Any, bins: int = 10, range: tuple[float, float] | None = None) -> tuple[Any, Any]:
    """How many elements fall into each of bins of equal width.

    Args:
        x: tensor of any shape.
        bins: how many.
        range: the lower limit of the first bin and the upper limit of the last; by default those of the elements.

    Returns:
        (counts, limits): floats, as in Keras; there is one more limit than there are counts.

    Raises:
        TypeError: ``bins`` is no integer.
        ValueError: ``bins`` is below 1, or the range goes down.

    Example:
        >>> import rkeras
        >>> [t.tolist() for t in rkeras.ops.histogram([0.0, 1.0, 4.0], bins=2)]
        [[2.0, 1.0], [0.0, 2.0, 4.0]]
    """
    if not isinstance(bins, int):
        raise TypeError(f"histogram: bins must be an integer, got {bins!r}")
    if bins < 1:
        raise ValueError(f"histogram: bins must be at least 1, got {bins}")
    if range is not None and (len(range) != 2 or range[1] < range[0]):
        raise ValueError(f"histogram: range must be (low, high), got {range!r}")
    x = ops.ravel(x)
    if not x.dtype.startswith(("float", "bfloat")):
        x = ops.cast(x, _engine.floatx())
    empty = not x.size
    low, high = (0.0, 1.0) if empty and range is None else range or (ops.min(x), ops.max(x))
    low, high = (ops.cast(end, x.dtype) for end in (low, high))
    # A range without width is widened, as in NumPy.
    widened = ops.where(ops.equal(low, high), 0.5, 0.0)
    low, high = low - widened, high + widened
    limits = low + (high - low) * ops.cast(np.linspace(0.0, 1.0, bins + 1), x.dtype)
    # The last bin holds its upper limit too; what lies outside falls into a bin that is cut off.
    number = ops.where(ops.equal(x, high), bins - 1, searchsorted(limits, x, "right") - 1)
    return segment_sum(ops.ones_like(x), number, bins), limits


@symbolic
def argpartition(x: Any, kth: int, axis: int | None = -1) -> Any:
    """Indices that bring the k-th smallest element to its place, smaller ones before it and larger ones behind.

    Args:
        x: tensor.
        kth: which element.
        axis: the axis; None for the flattened tensor.

    Returns:
        An int32 tensor of the shape of ``x`` (flat if ``axis`` is None).

    Raises:
        ValueError: there is no k-th element.

    Example:
        >>> import rkeras
        >>> rkeras.ops.argpartition([3, 1, 2], 1).tolist()
        [1, 2, 0]
    """
    x = _engine.convert(x)
    size = x.size if axis is None else x.shape[axis_index(axis, x.ndim)]
    if not -size <= kth < size:
        raise ValueError(f"argpartition: there is no element {kth} among {size}")
    # A full order is a partition at every element.
    return ops.argsort(ops.ravel(x)) if axis is None else ops.argsort(x, axis)


@symbolic
def unique(
    x: Any,
    sorted: bool = True,
    return_index: bool = False,
    return_inverse: bool = False,
    return_counts: bool = False,
    axis: int | None = None,
    size: int | None = None,
    fill_value: Any = None,
) -> Any:
    """The different elements, in ascending order.

    Args:
        x: tensor.
        sorted: accepted for compatibility; they are always sorted.
        return_index: also returns where each one stands first.
        return_inverse: also returns which one each element is.
        return_counts: also returns how often each one occurs.
        axis: compares the slices along this axis; by default the elements.
        size: how many there are to be: further ones are cut off, missing ones filled in.
        fill_value: fills them in; the first one by default.

    Returns:
        A tensor, or a tuple of it and what else is asked for, as int32. How many there are depends on numbers: a
        traced ``x`` raises ``TracedValueError``.

    Example:
        >>> import rkeras
        >>> rkeras.ops.unique([3, 1, 3]).tolist()
        [1, 3]
    """
    del sorted
    x = _engine.convert(x)
    _, index, inverse, counts = np.unique(x.numpy(), True, True, True, axis)
    # NumPy 2.0 gave the inverse of flattened elements a shape of its own.
    inverse = inverse.reshape(x.shape if axis is None else [x.shape[axis]])
    along = 0 if axis is None else axis_index(axis, x.ndim)
    found = ops.take(ops.ravel(x) if axis is None else x, index.astype("int32"), along)
    if size is not None:
        missing = builtins.max(size - len(index), 0)
        index, counts = index[:size], counts[:size]
        inverse = np.minimum(inverse, size - 1)
        found = ops.take(found, np.arange(len(index), dtype="int32"), along)
        if missing:
            shape = [*found.shape[:along], missing, *found.shape[along + 1 :]]
            rest = (
                ops.take(found, np.zeros(missing, "int32"), along)
                if fill_value is None
                else ops.full(shape, fill_value, found.dtype)
            )
            found = ops.concatenate([found, rest], axis=along)
            index, counts = np.pad(index, (0, missing), constant_values=index[0]), np.pad(counts, (0, missing))
    extras = [(return_index, index), (return_inverse, inverse), (return_counts, counts)]
    asked = [_engine.convert(extra.astype("int32")) for wanted, extra in extras if wanted]
    return (found, *asked) if asked else found
