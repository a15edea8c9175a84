"""The shape of a tensor and the order of its axes."""

from __future__ import annotations

import builtins
from collections.abc import Sequence
from typing import Any

from rkeras import _engine
from rkeras.ops._arguments import axis_index, sizes
from rkeras.ops._dispatch import symbolic

__all__ = ["broadcast_to", "expand_dims", "moveaxis", "ravel", "reshape", "squeeze", "swapaxes", "transpose"]


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
    return _engine.apply("reshape", x, shape=sizes(newshape))


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
        drop = {axis_index(a, x.ndim) for a in ([axis] if isinstance(axis, int) else axis)}
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
    new = {axis_index(a, rank) for a in axes}
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
    sources = [axis_index(a, x.ndim) for a in ([source] if isinstance(source, int) else source)]
    targets = [axis_index(a, x.ndim) for a in ([destination] if isinstance(destination, int) else destination)]
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
    a, b = axis_index(axis1, x.ndim), axis_index(axis2, x.ndim)
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
    return _engine.apply("broadcast_to", x, shape=sizes(shape))


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
