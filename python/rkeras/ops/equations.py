"""Linear equations, inverses and determinants."""

from __future__ import annotations

from typing import Any

from rkeras import _engine, ops
from rkeras.ops._dispatch import symbolic
from rkeras.ops.factors import lower_solve, matrices, pivoted, upper_solve

__all__ = ["det", "inv", "logdet", "slogdet", "solve", "solve_triangular"]


def _sides(name: str, a: Any, b: Any) -> tuple[Any, Any, bool]:
    """Matrices, right sides as columns, and whether these were vectors."""
    a = matrices(name, a)
    b = _engine.convert(b)
    b = ops.cast(b, _engine.result_type([a.dtype, b.dtype]))
    vectors = b.ndim == a.ndim - 1
    if b.shape[(-1 if vectors else -2) :][:1] != a.shape[-1:]:
        raise ValueError(f"{name}: expected right sides with {a.shape[-1]} rows, got a of {a.shape} and b of {b.shape}")
    columns = ops.expand_dims(b, -1) if vectors else b
    # Matrices of several equations share leading axes with their right sides, or stretch over them.
    for _ in range(columns.ndim - a.ndim):
        a = ops.expand_dims(a, 0)
    leading = [max(i, j) if i and j else 0 for i, j in zip(a.shape[:-2], columns.shape[:-2], strict=True)]
    return (
        ops.broadcast_to(a, [*leading, *a.shape[-2:]]),
        ops.broadcast_to(columns, [*leading, *columns.shape[-2:]]),
        vectors,
    )


def _solve(a: Any, b: Any) -> Any:
    batch = (-1, *a.shape[-2:])
    triangles, _, order = pivoted(ops.reshape(a, batch))
    rows = ops.reshape(b, (-1, *b.shape[-2:]))
    rows = ops.take_along_axis(rows, ops.broadcast_to(ops.expand_dims(order, 2), rows.shape), axis=1)
    return ops.reshape(upper_solve(triangles, lower_solve(triangles, rows, unit=True)), b.shape)


@symbolic
def solve(a: Any, b: Any) -> Any:
    """The x of ``a @ x = b``.

    Args:
        a: matrices (..., n, n).
        b: right sides, vectors (..., n) or several as columns (..., n, k).

    Returns:
        A tensor of the shape of ``b``; not finite where a matrix has no inverse.

    Raises:
        ValueError: the shapes do not fit.

    Example:
        >>> import rkeras
        >>> rkeras.ops.solve([[2.0, 0.0], [0.0, 4.0]], [2.0, 2.0]).tolist()
        [1.0, 0.5]
    """
    matrix, columns, vectors = _sides("solve", a, b)
    found = _solve(matrix, columns)
    return ops.squeeze(found, -1) if vectors else found


@symbolic
def solve_triangular(a: Any, b: Any, lower: bool = False) -> Any:
    """The x of ``a @ x = b`` for triangles.

    Args:
        a: triangles (..., n, n), whose other half is not read.
        b: right sides, vectors (..., n) or several as columns (..., n, k).
        lower: they are lower triangles; upper ones by default.

    Returns:
        A tensor of the shape of ``b``.

    Raises:
        ValueError: the shapes do not fit.

    Example:
        >>> import rkeras
        >>> rkeras.ops.solve_triangular([[2.0, 1.0], [0.0, 4.0]], [3.0, 4.0]).tolist()
        [1.0, 1.0]
    """
    matrix, columns, vectors = _sides("solve_triangular", a, b)
    found = lower_solve(matrix, columns) if lower else upper_solve(matrix, columns)
    return ops.squeeze(found, -1) if vectors else found


@symbolic
def inv(x: Any) -> Any:
    """The inverse of matrices.

    Args:
        x: matrices (..., n, n).

    Returns:
        Matrices of the same shape; not finite where there is no inverse.

    Raises:
        ValueError: no square matrices.

    Example:
        >>> import rkeras
        >>> rkeras.ops.inv([[2.0, 0.0], [0.0, 4.0]]).tolist()
        [[0.5, 0.0], [0.0, 0.25]]
    """
    x = matrices("inv", x)
    return _solve(x, ops.broadcast_to(ops.eye(x.shape[-1], dtype=x.dtype), x.shape))


def _sign_and_pivots(x: Any) -> tuple[Any, Any]:
    """The sign that exchanging rows gives the determinant, and the diagonal whose product is its size."""
    triangles, exchanged, _ = pivoted(ops.reshape(x, (-1, *x.shape[-2:])))
    sign = ops.ones(triangles.shape[:1], x.dtype)
    for k, other in enumerate(exchanged):
        sign = ops.where(ops.equal(other, k), sign, -sign)
    return sign, ops.diagonal(triangles, axis1=-2, axis2=-1)


@symbolic
def det(x: Any) -> Any:
    """The determinant of matrices.

    Args:
        x: matrices (..., n, n).

    Returns:
        A number for each (...).

    Raises:
        ValueError: no square matrices.

    Example:
        >>> import rkeras
        >>> float(rkeras.ops.det([[0.0, 2.0], [3.0, 4.0]]))
        -6.0
    """
    x = matrices("det", x)
    sign, pivots = _sign_and_pivots(x)
    return ops.reshape(sign * ops.prod(pivots, axis=-1), x.shape[:-2])


@symbolic
def slogdet(x: Any) -> tuple[Any, Any]:
    """Sign and logarithm of the size of the determinant of matrices.

    Args:
        x: matrices (..., n, n).

    Returns:
        (sign, logarithm), a number of each for each matrix.

    Raises:
        ValueError: no square matrices.

    Example:
        >>> import rkeras
        >>> [round(float(t), 4) for t in rkeras.ops.slogdet([[0.0, 2.0], [3.0, 4.0]])]
        [-1.0, 1.7918]
    """
    x = matrices("slogdet", x)
    sign, pivots = _sign_and_pivots(x)
    sign = sign * ops.prod(ops.sign(pivots), axis=-1)
    size = ops.sum(ops.log(ops.abs(pivots)), axis=-1)
    return ops.reshape(sign, x.shape[:-2]), ops.reshape(size, x.shape[:-2])


@symbolic
def logdet(x: Any) -> Any:
    """The logarithm of the size of the determinant of matrices.

    Args:
        x: matrices (..., n, n).

    Returns:
        A number for each (...).

    Raises:
        ValueError: no square matrices.

    Example:
        >>> import rkeras
        >>> round(float(rkeras.ops.logdet([[4.0, 2.0], [2.0, 5.0]])), 4)
        2.7726
    """
    return slogdet(x)[1]
