"""Matrices as products of simpler ones, by recursion over blocks or over columns.

Everything is composed of engine ops, so that derivatives of any order and compiled runs follow. The number of ops
grows with the number of rows, their work is done by matrix products.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from rkeras import _engine, ops
from rkeras.ops._dispatch import symbolic

__all__ = ["cholesky", "cholesky_inverse", "lu_factor", "qr"]


def matrices(name: str, x: Any, square: bool = True) -> Any:
    """A tensor of matrices of floats.

    Raises:
        ValueError: it has fewer than two axes, or the last two differ.

    Example:
        >>> matrices("inv", [[1, 2], [3, 4]]).dtype
        'float32'
    """
    x = _engine.convert(x)
    if x.ndim < 2 or (square and x.shape[-1] != x.shape[-2]):
        shape = "(..., n, n)" if square else "(..., m, n)"
        raise ValueError(f"{name}: expected matrices of shape {shape}, got {x.shape}")
    return x if x.dtype.startswith(("float", "bfloat")) else ops.cast(x, _engine.floatx())


def turned(x: Any) -> Any:
    """Rows and columns exchanged.

    Example:
        >>> turned(ops.ones((2, 3, 4))).shape
        (2, 4, 3)
    """
    return ops.swapaxes(x, -1, -2)


def blocks(a: Any, b: Any, c: Any, d: Any) -> Any:
    """A matrix of four.

    Example:
        >>> blocks(*[[[i]] for i in range(4)]).tolist()
        [[0, 1], [2, 3]]
    """
    return ops.concatenate([ops.concatenate([a, b], axis=-1), ops.concatenate([c, d], axis=-1)], axis=-2)


def lower_solve(a: Any, b: Any, unit: bool = False) -> Any:
    """The x of ``a @ x = b`` for lower triangles ``a``, whose other half is not read.

    Args:
        a: (..., n, n).
        b: (..., n, columns).
        unit: takes the diagonal for ones.

    Example:
        >>> lower_solve(ops.array([[2.0, 9.0], [1.0, 4.0]]), ops.array([[2.0], [5.0]])).tolist()
        [[1.0], [1.0]]
    """
    n = a.shape[-1]
    if n <= 1:
        return b if unit or not n else b / a
    half = n // 2
    above = lower_solve(a[..., :half, :half], b[..., :half, :], unit)
    rest = b[..., half:, :] - ops.matmul(a[..., half:, :half], above)
    return ops.concatenate([above, lower_solve(a[..., half:, half:], rest, unit)], axis=-2)


def upper_solve(a: Any, b: Any) -> Any:
    """The x of ``a @ x = b`` for upper triangles ``a``, whose other half is not read.

    Example:
        >>> upper_solve(ops.array([[2.0, 1.0], [9.0, 4.0]]), ops.array([[3.0], [4.0]])).tolist()
        [[1.0], [1.0]]
    """
    # Backwards, an upper triangle is a lower one.
    return ops.flip(lower_solve(ops.flip(a, (-1, -2)), ops.flip(b, -2)), -2)


def _lower_root(x: Any) -> Any:
    n = x.shape[-1]
    if n <= 1:
        return ops.sqrt(x)
    half = n // 2
    first = _lower_root(x[..., :half, :half])
    below = turned(lower_solve(first, turned(x[..., half:, :half])))
    last = _lower_root(x[..., half:, half:] - ops.matmul(below, turned(below)))
    nothing = ops.zeros_like(turned(below))
    return blocks(first, nothing, below, last)


@symbolic
def cholesky(x: Any, upper: bool = False) -> Any:
    """The triangle whose product with its transpose is a symmetric positive definite matrix.

    Args:
        x: matrices (..., n, n); of ones that are not symmetric, the mean with their transpose counts.
        upper: gives the upper triangle, which comes second in the product; the lower one by default.

    Returns:
        Triangles (..., n, n).

    Raises:
        ValueError: no square matrices, or one that is not positive definite and whose numbers are known; a compiled
            run gives NaN for it.

    Example:
        >>> import rkeras
        >>> rkeras.ops.cholesky([[4.0, 2.0], [2.0, 5.0]]).tolist()
        [[2.0, 0.0], [1.0, 2.0]]
    """
    x = matrices("cholesky", x)
    found = _lower_root((x + turned(x)) * 0.5)
    if not found.is_traced and not bool(ops.all(ops.isfinite(found))):
        raise ValueError("cholesky: a matrix is not positive definite; add a small number to its diagonal")
    return turned(found) if upper else found


@symbolic
def cholesky_inverse(x: Any, upper: bool = False) -> Any:
    """The inverse of the matrix whose triangle is given.

    Args:
        x: triangles (..., n, n) as ``cholesky`` gives them.
        upper: they are upper ones.

    Returns:
        Matrices (..., n, n).

    Raises:
        ValueError: no square matrices.

    Example:
        >>> import rkeras
        >>> rkeras.ops.cholesky_inverse([[2.0, 0.0], [0.0, 1.0]]).tolist()
        [[0.25, 0.0], [0.0, 1.0]]
    """
    x = matrices("cholesky_inverse", x)
    inverse = lower_solve(turned(x) if upper else x, _identity_like(x))
    return ops.matmul(turned(inverse), inverse)


def _identity_like(x: Any) -> Any:
    return ops.broadcast_to(ops.eye(x.shape[-1], dtype=x.dtype), x.shape)


def pivoted(x: Any) -> tuple[Any, list[Any], Any]:
    """Lower and upper triangles in one matrix, rows exchanged so that the largest element of a column comes first.

    Args:
        x: matrices (batch, m, n).

    Returns:
        (triangles, the row that each step exchanged with its own (batch,), the order of rows (batch, m)).

    Example:
        >>> triangles, exchanged, order = pivoted(ops.array([[[0.0, 2.0], [4.0, 6.0]]]))
        >>> triangles.tolist(), order.tolist()
        ([[[4.0, 6.0], [0.0, 2.0]]], [[1, 0]])
    """
    batch, m, n = x.shape
    rows = np.arange(m, dtype="int32")
    order = ops.broadcast_to(rows, (batch, m))
    exchanged = []
    for k in range(min(m, n)):
        found = ops.argmax(ops.abs(x[:, k:, k]), axis=1) + k
        exchanged.append(found)
        other = ops.expand_dims(found, 1)
        places = ops.where(ops.equal(rows, k), other, ops.where(ops.equal(rows, other), k, rows))
        order = ops.take_along_axis(order, places, axis=1)
        x = ops.take_along_axis(x, ops.broadcast_to(ops.expand_dims(places, 2), x.shape), axis=1)
        pivot = x[:, k : k + 1, k : k + 1]
        # Below a pivot of zero there are only zeros: nothing is to be taken away.
        pivot = ops.where(ops.equal(pivot, 0.0), 1.0, pivot)
        below = x[:, k + 1 :, k : k + 1] / pivot
        rest = x[:, k + 1 :, k + 1 :]
        if rest.size:
            rest = rest - ops.matmul(below, x[:, k : k + 1, k + 1 :])
        lower = ops.concatenate([x[:, k + 1 :, :k], below, rest], axis=2)
        x = ops.concatenate([x[:, : k + 1], lower], axis=1)
    return x, exchanged, order


@symbolic
def lu_factor(x: Any) -> tuple[Any, Any]:
    """A matrix with exchanged rows as the product of a lower and an upper triangle.

    Args:
        x: matrices (..., m, n).

    Returns:
        (triangles, exchanges): both triangles in one (..., m, n), the lower one without its diagonal of ones; and for
        each row the one it was exchanged with, in order (..., min(m, n)), int32.

    Raises:
        ValueError: fewer than two axes.

    Example:
        >>> import rkeras
        >>> [t.tolist() for t in rkeras.ops.lu_factor([[2.0, 1.0], [4.0, 6.0]])]
        [[[4.0, 6.0], [0.5, -2.0]], [1, 1]]
    """
    x = matrices("lu_factor", x, square=False)
    triangles, exchanged, _ = pivoted(ops.reshape(x, (-1, *x.shape[-2:])))
    found = ops.reshape(ops.stack(exchanged, axis=-1), (*x.shape[:-2], len(exchanged)))
    return ops.reshape(triangles, x.shape), ops.cast(found, "int32")


@symbolic
def qr(x: Any, mode: str = "reduced") -> tuple[Any, Any]:
    """A matrix as the product of one with orthogonal columns and an upper triangle, by Householder's reflections.

    Args:
        x: matrices (..., m, n).
        mode: ``reduced`` for min(m, n) columns and rows, ``complete`` for m.

    Returns:
        (Q, R).

    Raises:
        ValueError: fewer than two axes, or another mode.

    Example:
        >>> import rkeras
        >>> q, r = rkeras.ops.qr([[3.0, 1.0], [4.0, 2.0]])
        >>> [[round(v, 4) for v in row] for row in r.tolist()]
        [[-5.0, -2.2], [0.0, 0.4]]
    """
    if mode not in ("reduced", "complete"):
        raise ValueError(f"qr: mode must be 'reduced' or 'complete', got {mode!r}")
    x = matrices("qr", x, square=False)
    m, n = x.shape[-2:]
    kept = min(m, n) if mode == "reduced" else m
    reflections = []
    triangle = x
    for k in range(min(m - 1, n)):
        column = triangle[..., k:, k : k + 1]
        head = column[..., :1, :]
        length = ops.sqrt(ops.sum(ops.square(column), axis=-2, keepdims=True))
        axis = ops.concatenate([head + ops.where(head < 0, -length, length), column[..., 1:, :]], axis=-2)
        size = ops.sum(ops.square(axis), axis=-2, keepdims=True)
        axis = ops.concatenate([ops.zeros((*x.shape[:-2], k, 1), x.dtype), axis], axis=-2)
        # A column of zeros needs no reflection.
        twice = axis * ops.where(ops.equal(size, 0.0), 0.0, 2.0 / ops.where(ops.equal(size, 0.0), 1.0, size))
        reflections.append((axis, twice))
        triangle = triangle - ops.matmul(twice, ops.matmul(turned(axis), triangle))
    q = ops.broadcast_to(ops.eye(m, kept, dtype=x.dtype), (*x.shape[:-2], m, kept))
    for axis, twice in reversed(reflections):
        q = q - ops.matmul(twice, ops.matmul(turned(axis), q))
    return q, ops.triu(triangle[..., :kept, :])
