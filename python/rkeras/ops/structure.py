"""How elements are arranged: reshape, transpose, join, split, repeat, pad, sort."""

from __future__ import annotations

import builtins
from collections.abc import Sequence
from typing import Any

from rkeras import _engine
from rkeras.ops._dispatch import symbolic


def _axis(axis: int, ndim: int) -> int:
    if not -ndim <= axis < ndim:
        raise ValueError(f"axis {axis} is out of range for a tensor of rank {ndim}")
    return axis % ndim if ndim else 0


def _sizes(shape: Any) -> list[int]:
    return [int(shape)] if isinstance(shape, int) else [int(s) for s in shape]


@symbolic
def reshape(x: Any, newshape: Any) -> Any:
    """Gives the elements another shape.

    Args:
        x: tensor.
        newshape: the sizes; one may be -1, which stands for what is left over.

    Returns:
        A tensor over the same numbers.

    Raises:
        ValueError: the element counts differ.

    Example:
        >>> import rkeras
        >>> rkeras.ops.reshape([1, 2, 3, 4], (2, -1)).shape
        (2, 2)
    """
    return _engine.apply("reshape", x, shape=_sizes(newshape))


@symbolic
def transpose(x: Any, axes: Sequence[int] | None = None) -> Any:
    """Puts the axes in another order.

    Args:
        x: tensor.
        axes: the old axis for each new one; reversed by default.

    Returns:
        The rearranged tensor.

    Example:
        >>> import rkeras
        >>> rkeras.ops.transpose([[1, 2, 3]]).shape
        (3, 1)
    """
    return _engine.apply("transpose", x, axes=None if axes is None else list(axes))


@symbolic
def squeeze(x: Any, axis: Any = None) -> Any:
    """Drops axes of size 1.

    Args:
        x: tensor.
        axis: which of them; all by default.

    Returns:
        A tensor of lower rank.

    Raises:
        ValueError: a named axis has another size.

    Example:
        >>> import rkeras
        >>> rkeras.ops.squeeze([[1, 2]]).shape
        (2,)
    """
    x = _engine.convert(x)
    if axis is None:
        drop = {i for i, size in enumerate(x.shape) if size == 1}
    else:
        drop = {_axis(a, x.ndim) for a in ([axis] if isinstance(axis, int) else axis)}
        if builtins.any(x.shape[a] != 1 for a in drop):
            raise ValueError(f"cannot squeeze axis {axis} of shape {x.shape}: its size is not 1")
    return _engine.apply("reshape", x, shape=[size for i, size in enumerate(x.shape) if i not in drop])


@symbolic
def expand_dims(x: Any, axis: Any) -> Any:
    """Puts in axes of size 1.

    Args:
        x: tensor.
        axis: where, counted in the result.

    Returns:
        A tensor of higher rank.

    Example:
        >>> import rkeras
        >>> rkeras.ops.expand_dims([1, 2], 0).shape
        (1, 2)
    """
    x = _engine.convert(x)
    axes = [axis] if isinstance(axis, int) else list(axis)
    rank = x.ndim + len(axes)
    new = {_axis(a, rank) for a in axes}
    sizes = iter(x.shape)
    return _engine.apply("reshape", x, shape=[1 if i in new else next(sizes) for i in range(rank)])


@symbolic
def moveaxis(x: Any, source: Any, destination: Any) -> Any:
    """Moves axes to other places; the others keep their order.

    Args:
        x: tensor.
        source: the axis or axes to move.
        destination: where each goes.

    Returns:
        The rearranged tensor.

    Example:
        >>> import rkeras
        >>> rkeras.ops.moveaxis(rkeras.ops.zeros((2, 3, 4)), 0, -1).shape
        (3, 4, 2)
    """
    x = _engine.convert(x)
    sources = [_axis(a, x.ndim) for a in ([source] if isinstance(source, int) else source)]
    targets = [_axis(a, x.ndim) for a in ([destination] if isinstance(destination, int) else destination)]
    order = [i for i in range(x.ndim) if i not in sources]
    for target, src in sorted(zip(targets, sources, strict=True)):
        order.insert(target, src)
    return _engine.apply("transpose", x, axes=order)


@symbolic
def swapaxes(x: Any, axis1: int, axis2: int) -> Any:
    """Exchanges two axes.

    Args:
        x: tensor.
        axis1: one axis.
        axis2: the other.

    Returns:
        The rearranged tensor.

    Example:
        >>> import rkeras
        >>> rkeras.ops.swapaxes(rkeras.ops.zeros((2, 3, 4)), 0, 2).shape
        (4, 3, 2)
    """
    x = _engine.convert(x)
    order = list(range(x.ndim))
    a, b = _axis(axis1, x.ndim), _axis(axis2, x.ndim)
    order[a], order[b] = b, a
    return _engine.apply("transpose", x, axes=order)


@symbolic
def broadcast_to(x: Any, shape: Any) -> Any:
    """Repeats axes of size 1 up to a shape.

    Args:
        x: tensor.
        shape: the sizes wanted.

    Returns:
        A tensor of that shape.

    Raises:
        ValueError: ``x`` does not broadcast to it.

    Example:
        >>> import rkeras
        >>> rkeras.ops.broadcast_to([1, 2], (3, 2)).shape
        (3, 2)
    """
    return _engine.apply("broadcast_to", x, shape=_sizes(shape))


@symbolic
def ravel(x: Any) -> Any:
    """All elements along one axis.

    Args:
        x: tensor.

    Returns:
        A tensor of rank 1.

    Example:
        >>> import rkeras
        >>> rkeras.ops.ravel([[1, 2], [3, 4]]).shape
        (4,)
    """
    return _engine.apply("reshape", x, shape=[-1])


@symbolic
def concatenate(xs: Sequence[Any], axis: int | None = 0) -> Any:
    """Joins tensors along an axis that they have.

    Args:
        xs: tensors whose other sizes agree.
        axis: the axis; None flattens them first.

    Returns:
        One tensor of the common dtype.

    Raises:
        ValueError: other sizes differ.

    Example:
        >>> import rkeras
        >>> rkeras.ops.concatenate([[1, 2], [3]]).tolist()
        [1, 2, 3]
    """
    if axis is None:
        return _engine.apply("concatenate", *[ravel(x) for x in xs], axis=0)
    return _engine.apply("concatenate", *xs, axis=axis)


@symbolic
def stack(x: Sequence[Any], axis: int = 0) -> Any:
    """Joins tensors of equal shape along a new axis.

    Args:
        x: the tensors.
        axis: where the new axis goes.

    Returns:
        One tensor of one rank more.

    Raises:
        ValueError: the shapes differ.

    Example:
        >>> import rkeras
        >>> rkeras.ops.stack([[1, 2], [3, 4]], axis=1).tolist()
        [[1, 3], [2, 4]]
    """
    parts = [_engine.convert(part) for part in x]
    if len({part.shape for part in parts}) > 1:
        raise ValueError(f"stack needs tensors of one shape, got {[part.shape for part in parts]}")
    return _engine.apply("concatenate", *[expand_dims(part, axis) for part in parts], axis=axis)


def hstack(xs: Sequence[Any]) -> Any:
    """Joins along the second axis (vectors along the first).

    Args:
        xs: the tensors.

    Returns:
        One tensor.

    Example:
        >>> import rkeras
        >>> rkeras.ops.hstack([[1], [2]]).tolist()
        [1, 2]
    """
    return concatenate(
        xs, axis=0 if len(xs[0].shape if hasattr(xs[0], "shape") else _engine.convert(xs[0]).shape) < 2 else 1
    )


def vstack(xs: Sequence[Any]) -> Any:
    """Joins along the first axis; vectors count as rows.

    Args:
        xs: the tensors.

    Returns:
        One tensor.

    Example:
        >>> import rkeras
        >>> rkeras.ops.vstack([[1, 2], [3, 4]]).shape
        (2, 2)
    """
    parts = [x if hasattr(x, "shape") else _engine.convert(x) for x in xs]
    return concatenate([expand_dims(x, 0) if len(x.shape) < 2 else x for x in parts], axis=0)


@symbolic
def unstack(x: Any, num: int | None = None, axis: int = 0) -> list[Any]:
    """Takes a tensor apart along an axis, which disappears.

    Args:
        x: tensor.
        num: how many parts, if to be checked.
        axis: the axis.

    Returns:
        The list of slices.

    Example:
        >>> import rkeras
        >>> [t.tolist() for t in rkeras.ops.unstack([[1, 2], [3, 4]])]
        [[1, 2], [3, 4]]
    """
    x = _engine.convert(x)
    count = x.shape[axis]
    if num is not None and num != count:
        raise ValueError(f"unstack was to give {num} parts, but axis {axis} of shape {x.shape} has {count}")
    return [squeeze(part, axis) for part in split(x, count, axis)]


@symbolic
def split(x: Any, indices_or_sections: Any, axis: int = 0) -> list[Any]:
    """Cuts a tensor into parts along an axis.

    Args:
        x: tensor.
        indices_or_sections: how many equal parts, or the positions of the cuts.
        axis: the axis.

    Returns:
        The list of parts.

    Raises:
        ValueError: the axis does not divide into that many parts.

    Example:
        >>> import rkeras
        >>> [t.tolist() for t in rkeras.ops.split([1, 2, 3, 4], 2)]
        [[1, 2], [3, 4]]
    """
    x = _engine.convert(x)
    axis = _axis(axis, x.ndim)
    size = x.shape[axis]
    if isinstance(indices_or_sections, int):
        if indices_or_sections < 1 or size % indices_or_sections:
            raise ValueError(f"axis {axis} of shape {x.shape} cannot be split into {indices_or_sections} equal parts")
        step = size // indices_or_sections
        cuts = [i * step for i in range(1, indices_or_sections)]
    else:
        cuts = [builtins.max(0, builtins.min(int(c) + (size if int(c) < 0 else 0), size)) for c in indices_or_sections]
    parts = []
    for begin, end in zip([0, *cuts], [*cuts, size], strict=True):
        start, sizes = [0] * x.ndim, list(x.shape)
        start[axis], sizes[axis] = begin, builtins.max(0, end - begin)
        if sizes[axis] == 0:
            start[axis] = 0
        parts.append(_engine.apply("slice", x, start=start, size=sizes))
    return parts


@symbolic
def array_split(x: Any, indices_or_sections: Any, axis: int = 0) -> list[Any]:
    """Cuts a tensor into parts whose sizes differ by one at the most.

    Args:
        x: tensor.
        indices_or_sections: how many parts, or the positions of the cuts.
        axis: the axis.

    Returns:
        The list of parts.

    Example:
        >>> import rkeras
        >>> [t.tolist() for t in rkeras.ops.array_split([1, 2, 3], 2)]
        [[1, 2], [3]]
    """
    x = _engine.convert(x)
    if isinstance(indices_or_sections, int):
        whole, extra = divmod(x.shape[axis], indices_or_sections)
        sizes = [whole + 1] * extra + [whole] * (indices_or_sections - extra)
        indices_or_sections = [builtins.sum(sizes[:i]) for i in range(1, len(sizes))]
    return split(x, indices_or_sections, axis)


@symbolic
def flip(x: Any, axis: Any = None) -> Any:
    """Reverses the order along axes.

    Args:
        x: tensor.
        axis: which axes; all by default.

    Returns:
        A tensor of the same shape.

    Example:
        >>> import rkeras
        >>> rkeras.ops.flip([1, 2, 3]).tolist()
        [3, 2, 1]
    """
    x = _engine.convert(x)
    axes = range(x.ndim) if axis is None else [_axis(a, x.ndim) for a in ([axis] if isinstance(axis, int) else axis)]
    start = [x.shape[i] - 1 if i in axes and x.shape[i] else 0 for i in range(x.ndim)]
    return _engine.apply(
        "slice", x, start=start, size=list(x.shape), steps=[-1 if i in axes else 1 for i in range(x.ndim)]
    )


@symbolic
def roll(x: Any, shift: Any, axis: Any = None) -> Any:
    """Shifts elements along axes; what leaves at the end comes back at the front.

    Args:
        x: tensor.
        shift: by how many places.
        axis: along which axes; the flattened tensor by default.

    Returns:
        A tensor of the same shape.

    Example:
        >>> import rkeras
        >>> rkeras.ops.roll([1, 2, 3], 1).tolist()
        [3, 1, 2]
    """
    x = _engine.convert(x)
    if axis is None:
        return reshape(roll(ravel(x), shift, 0), x.shape)
    axes = [axis] if isinstance(axis, int) else list(axis)
    shifts = [shift] * len(axes) if isinstance(shift, int) else list(shift)
    for a, s in zip(axes, shifts, strict=True):
        size = x.shape[a]
        if size and s % size:
            head, tail = split(x, [size - s % size], a)
            x = concatenate([tail, head], a)
    return x


@symbolic
def tile(x: Any, repeats: Any) -> Any:
    """Lays copies of the whole tensor side by side.

    Args:
        x: tensor.
        repeats: how many copies along each axis.

    Returns:
        The larger tensor.

    Example:
        >>> import rkeras
        >>> rkeras.ops.tile([1, 2], 2).tolist()
        [1, 2, 1, 2]
    """
    x = _engine.convert(x)
    counts = _sizes(repeats)
    rank = builtins.max(x.ndim, len(counts))
    shape = [1] * (rank - x.ndim) + list(x.shape)
    counts = [1] * (rank - len(counts)) + counts
    paired = [n for size in shape for n in (1, size)]
    wide = [n for count, size in zip(counts, shape, strict=True) for n in (count, size)]
    x = _engine.apply("broadcast_to", _engine.apply("reshape", x, shape=paired), shape=wide)
    return _engine.apply("reshape", x, shape=[c * s for c, s in zip(counts, shape, strict=True)])


@symbolic
def repeat(x: Any, repeats: Any, axis: int | None = None) -> Any:
    """Repeats each element in place.

    Args:
        x: tensor.
        repeats: how often, one number or one for each element along the axis.
        axis: the axis; the flattened tensor by default.

    Returns:
        The larger tensor.

    Example:
        >>> import rkeras
        >>> rkeras.ops.repeat([1, 2], 2).tolist()
        [1, 1, 2, 2]
    """
    import numpy as np

    x = _engine.convert(x)
    if axis is None:
        x, axis = ravel(x), 0
    axis = _axis(axis, x.ndim)
    counts = np.asarray(repeats)
    if counts.size == 1:
        n = int(counts.reshape(()))
        shape = list(x.shape)
        inner = [*shape[: axis + 1], 1, *shape[axis + 1 :]]
        wide = [*shape[: axis + 1], n, *shape[axis + 1 :]]
        x = _engine.apply("broadcast_to", _engine.apply("reshape", x, shape=inner), shape=wide)
        return _engine.apply("reshape", x, shape=[*shape[:axis], shape[axis] * n, *shape[axis + 1 :]])
    return _engine.apply("take", x, np.repeat(np.arange(x.shape[axis]), counts), axis=axis)


_PAD_MODES = ("constant", "reflect", "symmetric", "edge", "wrap")


@symbolic
def pad(x: Any, pad_width: Any, mode: str = "constant", constant_values: Any = None) -> Any:
    """Adds elements around a tensor.

    Args:
        x: tensor.
        pad_width: (before, after) for each axis, one pair for all, or one number.
        mode: ``constant``, ``reflect``, ``symmetric``, ``edge`` or ``wrap``.
        constant_values: the number put in by ``constant``; 0 by default.

    Returns:
        The larger tensor.

    Raises:
        ValueError: an unknown mode, or more padding than there is to reflect.

    Example:
        >>> import rkeras
        >>> rkeras.ops.pad([1, 2], (1, 0)).tolist()
        [0, 1, 2]
    """
    import numpy as np

    if mode not in _PAD_MODES:
        raise ValueError(f"pad mode must be one of {_PAD_MODES}, got {mode!r}")
    if mode != "constant" and constant_values is not None:
        raise ValueError(f"constant_values has no meaning with pad mode {mode!r}")
    x = _engine.convert(x)
    pairs = np.broadcast_to(np.asarray(pad_width), (x.ndim, 2)).tolist()
    if mode == "constant":
        shape = [size + before + after for size, (before, after) in zip(x.shape, pairs, strict=True)]
        value = _engine.convert(0 if constant_values is None else constant_values, x.dtype)
        base = _engine.apply("broadcast_to", value, shape=shape)
        return _engine.apply("slice_update", base, x, start=[before for before, _ in pairs])
    for axis, (before, after) in enumerate(pairs):
        if before or after:
            index = np.pad(np.arange(x.shape[axis]), (before, after), mode=mode)  # type: ignore[call-overload]
            x = _engine.apply("take", x, index, axis=axis)
    return x


@symbolic
def sort(x: Any, axis: int = -1) -> Any:
    """Sorts along an axis in ascending order, NaN last.

    Args:
        x: tensor.
        axis: the axis.

    Returns:
        A tensor of the same shape.

    Example:
        >>> import rkeras
        >>> rkeras.ops.sort([3, 1, 2]).tolist()
        [1, 2, 3]
    """
    return _along_last("sort", x, axis)


@symbolic
def argsort(x: Any, axis: int = -1) -> Any:
    """The indices that sort along an axis; equal elements keep their order.

    Args:
        x: tensor.
        axis: the axis.

    Returns:
        An int32 tensor of the same shape.

    Example:
        >>> import rkeras
        >>> rkeras.ops.argsort([3, 1, 2]).tolist()
        [1, 2, 0]
    """
    return _along_last("argsort", x, axis)


def _along_last(op: str, x: Any, axis: int | None) -> Any:
    x = _engine.convert(x)
    if axis is None:
        x, axis = ravel(x), -1
    if _axis(axis, x.ndim) == x.ndim - 1:
        return _engine.apply(op, x)
    return swapaxes(_engine.apply(op, swapaxes(x, axis, -1)), axis, -1)


@symbolic
def top_k(x: Any, k: int, sorted: bool = True) -> tuple[Any, Any]:
    """The k largest elements of the last axis and where they stand.

    Args:
        x: tensor of at least one axis.
        k: how many.
        sorted: accepted for compatibility; they are always largest first.

    Returns:
        (values, int32 indices), both with a last axis of size k.

    Raises:
        ValueError: there are fewer than k.

    Example:
        >>> import rkeras
        >>> [t.tolist() for t in rkeras.ops.top_k([1, 3, 2], k=2)]
        [[3, 2], [1, 2]]
    """
    values, indices = _engine.apply("top_k", x, k=k)
    return values, indices


@symbolic
def tril(x: Any, k: int = 0) -> Any:
    """Zeroes what lies above the k-th diagonal of the last two axes.

    Args:
        x: tensor of at least two axes.
        k: which diagonal; 0 is the main one.

    Returns:
        A tensor of the same shape.

    Example:
        >>> import rkeras
        >>> rkeras.ops.tril([[1, 2], [3, 4]]).tolist()
        [[1, 0], [3, 4]]
    """
    return _triangle(x, k, lower=True)


@symbolic
def triu(x: Any, k: int = 0) -> Any:
    """Zeroes what lies below the k-th diagonal of the last two axes.

    Args:
        x: tensor of at least two axes.
        k: which diagonal; 0 is the main one.

    Returns:
        A tensor of the same shape.

    Example:
        >>> import rkeras
        >>> rkeras.ops.triu([[1, 2], [3, 4]]).tolist()
        [[1, 2], [0, 4]]
    """
    return _triangle(x, k, lower=False)


def _triangle(x: Any, k: int, lower: bool) -> Any:
    import numpy as np

    x = _engine.convert(x)
    ones = np.ones(x.shape[-2:], dtype=bool)
    return _engine.apply("where", np.tril(ones, k) if lower else np.triu(ones, k), x, 0)


@symbolic
def diag(x: Any, k: int = 0) -> Any:
    """The k-th diagonal of a matrix, or a matrix with a vector on it.

    Args:
        x: matrix or vector.
        k: which diagonal; 0 is the main one.

    Returns:
        A vector or a matrix.

    Example:
        >>> import rkeras
        >>> rkeras.ops.diag([1, 2]).tolist()
        [[1, 0], [0, 2]]
    """
    x = _engine.convert(x)
    if x.ndim == 2:
        return diagonal(x, k)
    if x.ndim != 1:
        raise ValueError(f"diag takes a vector or a matrix, got shape {x.shape}")
    n = x.shape[0] + builtins.abs(k)
    base = _engine.apply("broadcast_to", _engine.convert(0, x.dtype), shape=[n * n])
    start = k if k >= 0 else -k * n
    return _engine.apply(
        "reshape", _engine.apply("slice_update", base, x, start=[start] if x.size else [0], steps=[n + 1]), shape=[n, n]
    )


@symbolic
def diagonal(x: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    """A diagonal of two axes, as the last axis of the result.

    Args:
        x: tensor of at least two axes.
        offset: which diagonal; 0 is the main one.
        axis1: first axis.
        axis2: second axis.

    Returns:
        A tensor of one rank less.

    Example:
        >>> import rkeras
        >>> rkeras.ops.diagonal([[1, 2], [3, 4]]).tolist()
        [1, 4]
    """
    x = moveaxis(x, (axis1, axis2), (-2, -1))
    rows, columns = x.shape[-2:]
    row, column = builtins.max(0, -offset), builtins.max(0, offset)
    count = builtins.max(0, builtins.min(rows - row, columns - column))
    flat = _engine.apply("reshape", x, shape=[*x.shape[:-2], rows * columns])
    start = [0] * (flat.ndim - 1) + [row * columns + column if count else 0]
    size = [*flat.shape[:-1], count]
    return _engine.apply("slice", flat, start=start, size=size, steps=[1] * (flat.ndim - 1) + [columns + 1])
