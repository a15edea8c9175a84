"""Elements turned round, shifted, repeated and padded."""

from __future__ import annotations

import builtins
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from rkeras import _engine
from rkeras.build_budget import charge
from rkeras.ops._arguments import axis_index, axis_indices, sizes
from rkeras.ops._dispatch import symbolic
from rkeras.ops._tables import named
from rkeras.ops.joining import concatenate
from rkeras.ops.splitting import split
from rkeras.ops.structure import ravel, reshape, swapaxes

__all__ = ["flip", "fliplr", "flipud", "pad", "repeat", "roll", "rot90", "tile"]


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
    axes = axis_indices(axis, x.ndim)
    start = [x.shape[i] - 1 if i in axes and x.shape[i] else 0 for i in range(x.ndim)]
    return _engine.apply(
        "slice", x, start=start, size=list(x.shape), steps=[-1 if i in axes else 1 for i in range(x.ndim)]
    )


_FLIP_DOC = """Turns a tensor {how}.

Args:
    x: tensor of at least {rank}.

Returns:
    A tensor of the same shape.

Raises:
    ValueError: it has fewer axes.

Example:
    >>> import rkeras
    >>> rkeras.ops.{name}([[1, 2], [3, 4]]).tolist()
    {example}
"""


def _turn(name: str, how: str, rank: str, axis: int, example: Any) -> Callable[..., Any]:
    def fn(x: Any) -> Any:
        return flip(x, axis)

    return named(fn, name, _FLIP_DOC, how=how, rank=rank, example=example)  # type: ignore[no-any-return]


flipud = _turn("flipud", "upside down: the last row comes first", "one axis", 0, [[3, 4], [1, 2]])
fliplr = _turn("fliplr", "left to right: the last column comes first", "two axes", 1, [[2, 1], [4, 3]])


@symbolic
def rot90(array: Any, k: int = 1, axes: tuple[int, int] = (0, 1)) -> Any:
    """Turns a tensor by right angles, from the first axis towards the second.

    Args:
        array: tensor of at least two axes.
        k: how many right angles.
        axes: the two axes.

    Returns:
        A tensor; after an odd number of turns the sizes of the two axes are exchanged.

    Raises:
        ValueError: the axes are not two different ones.

    Example:
        >>> import rkeras
        >>> rkeras.ops.rot90([[1, 2], [3, 4]]).tolist()
        [[2, 4], [1, 3]]
    """
    x = _engine.convert(array)
    first, second = axis_indices(axes, x.ndim)
    if first == second:
        raise ValueError(f"rot90 needs two different axes, got {axes}")
    k %= 4
    if k == 2:
        return flip(x, (first, second))
    if k == 0:
        return x
    return swapaxes(flip(x, second), first, second) if k == 1 else flip(swapaxes(x, first, second), second)


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
    counts = sizes(repeats)
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
    x = _engine.convert(x)
    if axis is None:
        x, axis = ravel(x), 0
    axis = axis_index(axis, x.ndim)
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
    if mode not in _PAD_MODES:
        raise ValueError(f"pad mode must be one of {_PAD_MODES}, got {mode!r}")
    if mode != "constant" and constant_values is not None:
        raise ValueError(f"constant_values has no meaning with pad mode {mode!r}")
    x = _engine.convert(x)
    pairs = np.broadcast_to(np.asarray(pad_width), (x.ndim, 2)).tolist()
    if mode == "constant":
        shape = [size + before + after for size, (before, after) in zip(x.shape, pairs, strict=True)]
        value = _engine.convert(0 if constant_values is None else constant_values, x.dtype)
        charge(8 * math.prod(shape), f"a padded tensor of shape {tuple(shape)}", kept=False)
        base = _engine.apply("broadcast_to", value, shape=shape)
        return _engine.apply("slice_update", base, x, start=[before for before, _ in pairs])
    for axis, (before, after) in enumerate(pairs):
        if before or after:
            index = np.pad(np.arange(x.shape[axis]), (before, after), mode=mode)  # type: ignore[call-overload]
            x = _engine.apply("take", x, index, axis=axis)
    return x
