"""Products of tensors."""

from __future__ import annotations

from typing import Any

from rkeras import ops


def dot(x: Any, y: Any) -> Any:
    """The product over the last axis of ``x`` and the last but one of ``y``.

    Args:
        x: of shape ``(…, k)``.
        y: of shape ``(…, k, m)``.

    Returns:
        A tensor of shape ``x.shape[:-1] + y.shape[:-2] + y.shape[-1:]``.

    Example:
        >>> dot(ops.ones((2, 3, 4)), ops.ones((4, 5))).shape
        (2, 3, 5)
    """
    if ops.ndim(x) == 2 and ops.ndim(y) == 2:
        return ops.matmul(x, y)
    return ops.dot(x, y)


def batch_dot(x: Any, y: Any, axes: Any = None) -> Any:
    """The product of each sample of ``x`` with that of ``y``.

    Args:
        x: of shape ``(batch, …)``.
        y: of shape ``(batch, …)``.
        axes: the axis of each to sum over, or one for both; the last of ``x`` and the last but one of ``y`` (the
            only one of matrices) by default.

    Returns:
        A tensor with the batch axis, the other axes of ``x``, then those of ``y``; with an axis of size 1 if
        there are none.

    Raises:
        ValueError: if an axis is missing, is that of the batch, or differs in size.

    Example:
        >>> batch_dot(ops.ones((2, 3)), ops.ones((2, 3))).shape
        (2, 1)
        >>> batch_dot(ops.ones((2, 3, 4)), ops.ones((2, 4, 5))).shape
        (2, 3, 5)
    """
    ranks = ops.ndim(x), ops.ndim(y)
    shapes = f"{ops.shape(x)} and {ops.shape(y)}"
    if min(ranks) < 2:
        raise ValueError(f"K.batch_dot needs tensors with a batch axis and another one, got shapes {shapes}")
    if axes is None:
        axes = (ranks[0] - 1, ranks[1] - (1 if ranks[1] == 2 else 2))
    elif isinstance(axes, int):
        axes = (axes, axes)
    if any(not isinstance(axis, int) for axis in axes):
        raise ValueError(f"K.batch_dot sums over one axis of each tensor, got axes={axes}")
    a, b = (axis % rank for axis, rank in zip(axes, ranks, strict=True))
    if 0 in (a, b):
        raise ValueError(f"K.batch_dot cannot sum over the batch axis, got axes={axes} for shapes {shapes}")
    sizes = ops.shape(x)[a], ops.shape(y)[b]
    if None not in sizes and sizes[0] != sizes[1]:
        raise ValueError(f"K.batch_dot with axes={axes} needs these axes to be of one size, got shapes {shapes}")
    letters = "abcdefghijklmnopqrstuvwxyz"
    left = list(letters[1 : ranks[0]])
    right = list(letters[ranks[0] : ranks[0] + ranks[1] - 1])
    right[b - 1] = left[a - 1]
    rest = [letter for letter in (*left, *right) if letter != left[a - 1]]
    result = ops.einsum(f"a{''.join(left)},a{''.join(right)}->a{''.join(rest)}", x, y)
    return result if rest else ops.expand_dims(result, -1)
