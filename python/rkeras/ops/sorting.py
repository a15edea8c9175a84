"""Elements in order of size."""

from __future__ import annotations

from typing import Any

from rkeras import _engine
from rkeras.ops._arguments import axis_index
from rkeras.ops._dispatch import symbolic
from rkeras.ops.structure import ravel, swapaxes

__all__ = ["argsort", "sort", "top_k"]


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
    if axis_index(axis, x.ndim) == x.ndim - 1:
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
