"""Products of matrices and tensors."""

from __future__ import annotations

import math
from typing import Any

from rkeras import _engine
from rkeras.ops._dispatch import symbolic

__all__ = ["cdist", "dot", "inner", "matmul", "outer", "tensordot", "vdot"]


@symbolic
def matmul(x1: Any, x2: Any) -> Any:
    """The product of matrices over the last two axes; leading axes broadcast, vectors are rows or columns.

    Args:
        x1: tensor (..., m, k) or (k,).
        x2: tensor (..., k, n) or (k,).

    Returns:
        A tensor (..., m, n), without the axis that a vector does not have.

    Raises:
        ValueError: the inner sizes differ.

    Example:
        >>> import rkeras
        >>> rkeras.ops.matmul([[1.0, 2.0]], [[3.0], [4.0]]).tolist()
        [[11.0]]
    """
    x1, x2 = _engine.convert(x1), _engine.convert(x2)
    if x1.ndim >= 2 and x2.ndim >= 2:
        return _engine.apply("matmul", x1, x2)
    if x1.ndim == 0 or x2.ndim == 0:
        raise ValueError(f"matmul needs at least one axis on both sides, got shapes {x1.shape} and {x2.shape}")
    row, column = x1.ndim == 1, x2.ndim == 1
    a = _engine.apply("reshape", x1, shape=[1, x1.size]) if row else x1
    b = _engine.apply("reshape", x2, shape=[x2.size, 1]) if column else x2
    y = _engine.apply("matmul", a, b)
    shape = list(y.shape)
    if column:
        del shape[-1]
    if row:
        del shape[-1 if column else -2]
    return _engine.apply("reshape", y, shape=shape)


@symbolic
def dot(x1: Any, x2: Any) -> Any:
    """NumPy's dot: sums over the last axis of ``x1`` and the second to last of ``x2``.

    Args:
        x1: tensor.
        x2: tensor.

    Returns:
        A tensor with the other axes of both.

    Example:
        >>> import rkeras
        >>> float(rkeras.ops.dot([1.0, 2.0], [3.0, 4.0]))
        11.0
    """
    x1, x2 = _engine.convert(x1), _engine.convert(x2)
    if x1.ndim == 0 or x2.ndim == 0:
        return _engine.apply("multiply", x1, x2)
    return tensordot(x1, x2, ([-1], [-1 if x2.ndim == 1 else -2]))


@symbolic
def vdot(x1: Any, x2: Any) -> Any:
    """The inner product of two tensors as vectors.

    Args:
        x1: tensor.
        x2: tensor of as many elements.

    Returns:
        A scalar.

    Example:
        >>> import rkeras
        >>> float(rkeras.ops.vdot([1.0, 2.0], [3.0, 4.0]))
        11.0
    """
    return dot(_engine.apply("reshape", x1, shape=[-1]), _engine.apply("reshape", x2, shape=[-1]))


@symbolic
def inner(x1: Any, x2: Any) -> Any:
    """Sums over the last axes of both.

    Args:
        x1: tensor.
        x2: tensor with the same last size.

    Returns:
        A tensor with the other axes of both.

    Example:
        >>> import rkeras
        >>> float(rkeras.ops.inner([1.0, 2.0], [3.0, 4.0]))
        11.0
    """
    x1, x2 = _engine.convert(x1), _engine.convert(x2)
    if x1.ndim == 0 or x2.ndim == 0:
        return _engine.apply("multiply", x1, x2)
    return tensordot(x1, x2, ([-1], [-1]))


@symbolic
def outer(x1: Any, x2: Any) -> Any:
    """All products of an element of one tensor and an element of another.

    Args:
        x1: tensor, taken as a vector.
        x2: tensor, taken as a vector.

    Returns:
        A matrix.

    Example:
        >>> import rkeras
        >>> rkeras.ops.outer([1, 2], [3, 4]).tolist()
        [[3, 4], [6, 8]]
    """
    return _engine.apply(
        "multiply", _engine.apply("reshape", x1, shape=[-1, 1]), _engine.apply("reshape", x2, shape=[1, -1])
    )


@symbolic
def tensordot(x1: Any, x2: Any, axes: Any = 2) -> Any:
    """Sums over pairs of axes.

    Args:
        x1: tensor.
        x2: tensor.
        axes: the axes of each, as a pair of lists; or how many last axes of the first and first ones of the second.

    Returns:
        A tensor with the other axes of both.

    Raises:
        ValueError: paired sizes differ.

    Example:
        >>> import rkeras
        >>> float(rkeras.ops.tensordot([[1.0, 2.0]], [[3.0, 4.0]], axes=2))
        11.0
    """
    x1, x2 = _engine.convert(x1), _engine.convert(x2)
    if isinstance(axes, int):
        own, other = list(range(x1.ndim - axes, x1.ndim)), list(range(axes))
    else:
        own, other = ([a] if isinstance(a, int) else list(a) for a in axes)
    own, other = [a % x1.ndim for a in own], [a % x2.ndim for a in other]
    if [x1.shape[a] for a in own] != [x2.shape[a] for a in other]:
        raise ValueError(f"tensordot over axes {own} of shape {x1.shape} and {other} of {x2.shape}: sizes differ")
    keep1 = [a for a in range(x1.ndim) if a not in own]
    keep2 = [a for a in range(x2.ndim) if a not in other]
    k = math.prod(x1.shape[a] for a in own)
    rows, columns = [x1.shape[a] for a in keep1], [x2.shape[a] for a in keep2]
    a = _engine.apply("reshape", _engine.apply("transpose", x1, axes=keep1 + own), shape=[math.prod(rows), k])
    b = _engine.apply("reshape", _engine.apply("transpose", x2, axes=other + keep2), shape=[k, math.prod(columns)])
    return _engine.apply("reshape", _engine.apply("matmul", a, b), shape=rows + columns)


@symbolic
def cdist(x: Any, y: Any) -> Any:
    """The distance of each point of one set from each of another.

    Args:
        x: points (..., m, n).
        y: points (..., k, n).

    Returns:
        Distances (..., m, k).

    Raises:
        ValueError: fewer than two axes, or points of another size.

    Example:
        >>> import rkeras
        >>> rkeras.ops.cdist([[0.0, 0.0]], [[3.0, 4.0], [0.0, 1.0]]).tolist()
        [[5.0, 1.0]]
    """
    x, y = _engine.convert(x), _engine.convert(y)
    if x.ndim < 2 or y.ndim < 2 or x.shape[-1] != y.shape[-1]:
        raise ValueError(f"cdist: expected points (..., m, n) and (..., k, n), got shapes {x.shape} and {y.shape}")
    a = _engine.apply("reshape", x, shape=[*x.shape[:-1], 1, x.shape[-1]])
    b = _engine.apply("reshape", y, shape=[*y.shape[:-2], 1, *y.shape[-2:]])
    squares = _engine.apply("sum", _engine.apply("squared_difference", a, b), axis=-1)
    # The root has no derivative at 0; there it is taken as 0.
    same = _engine.apply("equal", squares, 0)
    root = _engine.apply("sqrt", _engine.apply("where", same, 1.0, squares))
    return _engine.apply("where", same, 0.0, root)
