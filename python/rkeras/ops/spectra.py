"""Eigenvalues and singular values by Jacobi's rotations, and what is computed from them.

A round turns disjoint pairs of axes at once, a sweep meets every pair. Sweeps are a fixed number in a compiled run;
the derivatives converge with the values, one sweep behind.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from rkeras import _engine, ops
from rkeras.ops._dispatch import symbolic
from rkeras.ops.factors import matrices, qr, turned

__all__ = ["eigh", "lstsq", "matrix_rank", "pinv", "svd"]

# Convergence is quadratic: matrices of a hundred rows need about eight.
_SWEEPS = 12
_EPSILON = {"float64": 2.2e-16}


def _rounds(n: int) -> list[list[tuple[int, int]]]:
    """Pairs of n players so that each meets each other once, as in a tournament."""
    players = [*range(n), *([] if n % 2 == 0 else [-1])]
    found = []
    for _ in range(len(players) - 1):
        half = len(players) // 2
        pairs = zip(players[:half], reversed(players[half:]), strict=True)
        found.append([(min(p), max(p)) for p in pairs if -1 not in p])
        players = [players[0], players[-1], *players[1:-1]]
    return [pairs for pairs in found if pairs]


def _rotation(products: Any, pairs: list[tuple[int, int]]) -> Any:
    """The rotation (batch, n, n) that makes the products (batch, n, n) of paired axes vanish."""
    batch, n, _ = products.shape
    p, q = np.array(pairs, "int32").T
    flat = ops.reshape(products, (batch, n * n))
    first, last, mixed = (ops.take(flat, i * n + j, axis=1) for i, j in ((p, p), (q, q), (p, q)))
    gap = last - first
    still = ops.logical_and(ops.equal(gap, 0.0), ops.equal(mixed, 0.0))
    # The smaller of two possible angles; written so that its derivative is right at zero, too.
    reach = ops.hypot(ops.where(still, 1.0, gap), 2.0 * mixed)
    tangent = ops.where(still, 0.0, 2.0 * mixed / ops.where(gap < 0, gap - reach, gap + reach))
    cosine = ops.rsqrt(1.0 + ops.square(tangent))
    sine = tangent * cosine
    fixed = np.setdiff1d(np.arange(n), np.concatenate([p, q])).astype("int32")
    values = ops.concatenate([cosine, cosine, sine, -sine, ops.ones((batch, fixed.size), products.dtype)], axis=1)
    places = np.concatenate([p * n + p, q * n + q, p * n + q, q * n + p, fixed * n + fixed]).astype("int32")
    return ops.reshape(_engine.apply("scatter_add", values, places, axis=1, size=n * n), (batch, n, n))


def _finished(products: Any, scale: Any) -> bool:
    """Whether what is off the diagonal is lost in rounding; unknown while traced."""
    if products.is_traced:
        return False
    n = products.shape[-1]
    off = ops.max(ops.abs(products * (1.0 - ops.eye(n, dtype=products.dtype))), initial=0.0)
    return bool(off <= _EPSILON.get(products.dtype, 1.2e-7) * scale)


def _batch(name: str, x: Any, square: bool) -> tuple[Any, tuple[int, ...]]:
    x = matrices(name, x, square)
    return ops.reshape(x, (-1, *x.shape[-2:])), x.shape[:-2]


def _start(batch: int, n: int, dtype: str) -> Any:
    return ops.broadcast_to(ops.eye(n, dtype=dtype), (batch, n, n))


@symbolic
def eigh(x: Any) -> tuple[Any, Any]:
    """Eigenvalues and eigenvectors of symmetric matrices.

    Args:
        x: matrices (..., n, n); of ones that are not symmetric, the mean with their transpose counts.

    Returns:
        (eigenvalues (..., n) in ascending order, eigenvectors as columns (..., n, n)), each vector up to its sign.

    Raises:
        ValueError: no square matrices.

    Example:
        >>> import rkeras
        >>> values, vectors = rkeras.ops.eigh([[2.0, 1.0], [1.0, 2.0]])
        >>> [round(v, 4) for v in values.tolist()]
        [1.0, 3.0]
    """
    x, leading = _batch("eigh", x, square=True)
    x = (x + turned(x)) * 0.5
    batch, n, _ = x.shape
    vectors, scale, ending = _start(batch, n, x.dtype), None if x.is_traced else ops.max(ops.abs(x), initial=0.0), False
    for _ in range(_SWEEPS):
        for pairs in _rounds(n):
            turn = _rotation(x, pairs)
            x = ops.matmul(turned(turn), ops.matmul(x, turn))
            vectors = ops.matmul(vectors, turn)
        if ending:
            break
        ending = _finished(x, scale)
    values = ops.diagonal(x, axis1=-2, axis2=-1)
    order = ops.argsort(values)
    values = ops.take_along_axis(values, order, axis=1)
    vectors = ops.take_along_axis(vectors, ops.broadcast_to(ops.expand_dims(order, 1), vectors.shape), axis=2)
    return ops.reshape(values, (*leading, n)), ops.reshape(vectors, (*leading, n, n))


def _thin(x: Any) -> tuple[Any, Any, Any]:
    """Left vectors times values (batch, m, n), values in descending order (batch, n), right vectors; m not below n."""
    batch, _, n = x.shape
    right, ending = _start(batch, n, x.dtype), False
    for _ in range(_SWEEPS):
        for pairs in _rounds(n):
            turn = _rotation(ops.matmul(turned(x), x), pairs)
            x, right = ops.matmul(x, turn), ops.matmul(right, turn)
        if ending:
            break
        if not x.is_traced:
            products = ops.matmul(turned(x), x)
            ending = _finished(products, ops.max(ops.abs(products), initial=0.0))
    squares = ops.sum(ops.square(x), axis=1)
    order = ops.flip(ops.argsort(squares), 1)
    squares = ops.take_along_axis(squares, order, axis=1)
    nothing = ops.equal(squares, 0.0)
    values = ops.where(nothing, 0.0, ops.sqrt(ops.where(nothing, 1.0, squares)))
    place = ops.expand_dims(order, 1)
    x = ops.take_along_axis(x, ops.broadcast_to(place, x.shape), axis=2)
    return x, values, ops.take_along_axis(right, ops.broadcast_to(place, right.shape), axis=2)


@symbolic
def svd(x: Any, full_matrices: bool = True, compute_uv: bool = True) -> Any:
    """Singular values and vectors of matrices.

    Args:
        x: matrices (..., m, n).
        full_matrices: gives all m left and n right vectors; otherwise min(m, n) of each.
        compute_uv: False for the values alone.

    Returns:
        (left vectors as columns, values (..., min(m, n)) in descending order, right vectors as rows), or the values.

    Raises:
        ValueError: fewer than two axes.

    Example:
        >>> import rkeras
        >>> [round(v, 4) for v in rkeras.ops.svd([[3.0, 0.0], [4.0, 5.0]], compute_uv=False).tolist()]
        [6.7082, 2.2361]
    """
    x, leading = _batch("svd", x, square=False)
    wide = x.shape[1] < x.shape[2]
    scaled, values, right = _thin(turned(x) if wide else x)
    m, n = scaled.shape[1:]
    if not compute_uv:
        return ops.reshape(values, (*leading, n))
    # Vectors of values that are zero are any that complete the others.
    limit = ops.max(values, axis=1, keepdims=True, initial=0.0) * (_EPSILON.get(x.dtype, 1.2e-7) * m)
    sure = ops.expand_dims(values > limit, 1)
    left = ops.where(sure, scaled / ops.where(sure, ops.expand_dims(values, 1), 1.0), 0.0)
    rest = qr(left, "complete")[0]
    left = ops.where(sure, left, rest[:, :, :n])
    if full_matrices:
        left = ops.concatenate([left, rest[:, :, n:]], axis=2)
    if wide:
        left, right = right, left
    right = turned(right)
    shaped = [ops.reshape(part, (*leading, *part.shape[1:])) for part in (left, values, right)]
    return tuple(shaped)


def _cutoff(x: Any, values: Any, rcond: Any, factor: float) -> Any:
    share = factor * max(x.shape[-2:]) * _EPSILON.get(x.dtype, 1.2e-7) if rcond is None else rcond
    return ops.max(values, axis=-1, keepdims=True, initial=0.0) * share


def _pseudoinverse(x: Any, rcond: Any, factor: float) -> Any:
    left, values, right = svd(x, full_matrices=False)
    sure = values > _cutoff(x, values, rcond, factor)
    inverse = ops.where(sure, 1.0 / ops.where(sure, values, 1.0), 0.0)
    return ops.matmul(turned(right) * ops.expand_dims(inverse, -2), turned(left))


@symbolic
def pinv(x: Any, rcond: Any = None) -> Any:
    """The pseudoinverse of Moore and Penrose.

    Args:
        x: matrices (..., m, n).
        rcond: singular values below this part of the largest count as zero.

    Returns:
        Matrices (..., n, m).

    Raises:
        ValueError: fewer than two axes.

    Example:
        >>> import rkeras
        >>> [[round(v, 4) for v in row] for row in rkeras.ops.pinv([[2.0], [0.0]]).tolist()]
        [[0.5, 0.0]]
    """
    return _pseudoinverse(matrices("pinv", x, square=False), rcond, 10.0)


@symbolic
def matrix_rank(x: Any, tol: Any = None) -> Any:
    """How many singular values are not zero.

    Args:
        x: matrices (..., m, n).
        tol: values below this part of the largest count as zero; rounding decides by default.

    Returns:
        An int32 for each matrix.

    Raises:
        ValueError: fewer than two axes.

    Example:
        >>> import rkeras
        >>> int(rkeras.ops.matrix_rank([[1.0, 2.0], [2.0, 4.0]]))
        1
    """
    x = matrices("matrix_rank", x, square=False)
    values = svd(x, compute_uv=False)
    return ops.sum(ops.cast(values > _cutoff(x, values, tol, 1.0), "int32"), axis=-1)


@symbolic
def lstsq(a: Any, b: Any, rcond: Any = None) -> Any:
    """The x for which ``a @ x`` comes closest to ``b``, the shortest if there are several.

    Args:
        a: matrix (m, n).
        b: right side, a vector (m,) or several as columns (m, k).
        rcond: singular values below this part of the largest count as zero.

    Returns:
        A vector (n,) or columns (n, k).

    Raises:
        ValueError: the shapes do not fit.

    Example:
        >>> import rkeras
        >>> a = [[1.0, 0.0], [1.0, 1.0], [1.0, 2.0]]
        >>> [abs(round(v, 4)) for v in rkeras.ops.lstsq(a, [1.0, 2.0, 3.0]).tolist()]
        [1.0, 1.0]
    """
    a, b = matrices("lstsq", a, square=False), _engine.convert(b)
    if a.ndim != 2 or b.ndim not in (1, 2) or b.shape[0] != a.shape[0]:
        raise ValueError(f"lstsq: expected a matrix and right sides with as many rows, got {a.shape} and {b.shape}")
    return ops.matmul(_pseudoinverse(a, rcond, 1.0), ops.cast(b, a.dtype))
