"""Matrices and vectors made of others."""

from __future__ import annotations

import builtins
from typing import Any

from rkeras import _engine, ops
from rkeras.ops._dispatch import symbolic

__all__ = ["corrcoef", "correlate", "cross", "kron", "trace", "vander"]


@symbolic
def trace(x: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    """The sum along a diagonal of two axes.

    Args:
        x: tensor of at least two axes.
        offset: which diagonal; 0 is the main one.
        axis1: first axis.
        axis2: second axis.

    Returns:
        A tensor without the two axes.

    Example:
        >>> import rkeras
        >>> float(rkeras.ops.trace([[1.0, 2.0], [3.0, 4.0]]))
        5.0
    """
    return ops.sum(ops.diagonal(x, offset, axis1, axis2), axis=-1)


@symbolic
def kron(x1: Any, x2: Any) -> Any:
    """Kronecker's product: each element of one tensor times the whole of another, side by side.

    Args:
        x1: tensor.
        x2: tensor.

    Returns:
        A tensor whose sizes are the products of both.

    Example:
        >>> import rkeras
        >>> rkeras.ops.kron([1, 10], [1, 2]).tolist()
        [1, 2, 10, 20]
    """
    x1, x2 = _engine.convert(x1), _engine.convert(x2)
    rank = builtins.max(x1.ndim, x2.ndim)
    own, other = ([1] * (rank - x.ndim) + list(x.shape) for x in (x1, x2))
    # Axes of both in turn.
    outer = ops.reshape(x1, [n for size in own for n in (size, 1)]) * ops.reshape(
        x2, [n for size in other for n in (1, size)]
    )
    return ops.reshape(outer, [a * b for a, b in zip(own, other, strict=True)])


@symbolic
def cross(x1: Any, x2: Any, axisa: int = -1, axisb: int = -1, axisc: int = -1, axis: int | None = None) -> Any:
    """The vector at right angles to two others.

    Args:
        x1: tensor of vectors of two or three elements; the third is 0 if there are two.
        x2: likewise.
        axisa: where the vectors of ``x1`` lie.
        axisb: where those of ``x2`` lie.
        axisc: where those of the result lie.
        axis: all three at once.

    Returns:
        A tensor of vectors of three elements, or only of the third if both have two.

    Raises:
        ValueError: vectors of another length.

    Example:
        >>> import rkeras
        >>> rkeras.ops.cross([1, 0, 0], [0, 1, 0]).tolist()
        [0, 0, 1]
    """
    if axis is not None:
        axisa = axisb = axisc = axis
    a, b = ops.moveaxis(x1, axisa, -1), ops.moveaxis(x2, axisb, -1)
    if a.shape[-1] not in (2, 3) or b.shape[-1] not in (2, 3):
        raise ValueError(f"cross takes vectors of 2 or 3 elements, got shapes {a.shape} and {b.shape}")

    def minor(i: int, j: int) -> Any:
        parts = [(i, j, 1), (j, i, -1)]
        found = [sign * (a[..., p] * b[..., q]) for p, q, sign in parts if p < a.shape[-1] and q < b.shape[-1]]
        return found[0] if len(found) == 1 else found[0] + found[1]

    if a.shape[-1] == b.shape[-1] == 2:
        return minor(0, 1)
    return ops.moveaxis(ops.stack([minor(1, 2), minor(2, 0), minor(0, 1)], axis=-1), -1, axisc)


@symbolic
def vander(x: Any, N: int | None = None, increasing: bool = False) -> Any:
    """The powers of each element as a row.

    Args:
        x: vector.
        N: how many powers; as many as elements by default.
        increasing: begins with the power 0; by default it comes last.

    Returns:
        A matrix.

    Raises:
        ValueError: ``x`` is no vector.

    Example:
        >>> import rkeras
        >>> rkeras.ops.vander([2, 3]).tolist()
        [[2, 1], [3, 1]]
    """
    x = _engine.convert(x)
    if x.ndim != 1:
        raise ValueError(f"vander takes a vector, got shape {x.shape}")
    count = x.size if N is None else int(N)
    powers = [ops.ones_like(x)]
    for _ in range(count - 1):
        powers.append(powers[-1] * x)
    return ops.stack(powers[:count] if increasing else powers[:count][::-1], axis=1)


@symbolic
def corrcoef(x: Any) -> Any:
    """Pearson's correlation of each row with each other one.

    Args:
        x: matrix of variables (rows) and observations (columns), or one row.

    Returns:
        A matrix of numbers from -1 to 1; one number for one row.

    Raises:
        ValueError: more than two axes.

    Example:
        >>> import rkeras
        >>> [[round(v, 5) for v in row] for row in rkeras.ops.corrcoef([[1.0, 2.0], [2.0, 0.0]]).tolist()]
        [[1.0, -1.0], [-1.0, 1.0]]
    """
    x = _engine.convert(x)
    if x.ndim > 2:
        raise ValueError(f"corrcoef takes a matrix, got shape {x.shape}")
    x = ops.reshape(x, (-1, x.shape[-1] if x.ndim else 1))
    if not x.dtype.startswith(("float", "bfloat")):
        x = ops.cast(x, _engine.floatx())
    far = x - ops.mean(x, axis=1, keepdims=True)
    covariance = ops.matmul(far, ops.transpose(far))
    spread = ops.sqrt(ops.diagonal(covariance))
    found = ops.clip(covariance / ops.outer(spread, spread), -1.0, 1.0)
    return found[0, 0] if x.shape[0] == 1 else found


@symbolic
def correlate(x1: Any, x2: Any, mode: str = "valid") -> Any:
    """Sums of products of two sequences, one shifted along the other.

    Args:
        x1: vector.
        x2: vector.
        mode: ``valid`` where one lies wholly within the other, ``same`` with the length of the longer, or ``full``.

    Returns:
        A vector.

    Raises:
        ValueError: an empty sequence, more than one axis, or another mode.

    Example:
        >>> import rkeras
        >>> rkeras.ops.correlate([1.0, 2.0, 3.0], [0.0, 1.0]).tolist()
        [2.0, 3.0]
    """
    x1, x2 = _engine.convert(x1), _engine.convert(x2)
    if x1.ndim != 1 or x2.ndim != 1 or not x1.size or not x2.size:
        raise ValueError(f"correlate takes two vectors that are not empty, got shapes {x1.shape} and {x2.shape}")
    common = _engine.result_type([x1.dtype, x2.dtype, "float"])
    long, short = ops.cast(x1, common), ops.cast(x2, common)
    turned = long.size < short.size
    if turned:
        long, short = short, long
    n = short.size
    around = {"valid": (0, 0), "same": (n // 2, n - 1 - n // 2), "full": (n - 1, n - 1)}
    if mode not in around:
        raise ValueError(f"mode must be 'valid', 'same' or 'full', got {mode!r}")
    before, after = around[mode][::-1] if turned and mode == "same" else around[mode]
    line = ops.reshape(ops.pad(long, ((before, after),)), (1, -1, 1))
    found = ops.ravel(ops.conv(line, ops.reshape(short, (-1, 1, 1)), data_format="channels_last"))
    return ops.flip(found) if turned else found
