"""Diagonals and triangles of matrices."""

from __future__ import annotations

import builtins
from collections.abc import Callable
from typing import Any

import numpy as np

from rkeras import _engine
from rkeras.ops._dispatch import symbolic
from rkeras.ops._tables import named
from rkeras.ops.structure import moveaxis

__all__ = ["diag", "diagflat", "diagonal", "tril", "triu"]


_TRIANGLE_DOC = """Zeroes what lies {where} the k-th diagonal of the last two axes.

Args:
    x: tensor of at least two axes.
    k: which diagonal; 0 is the main one.

Returns:
    A tensor of the same shape.

Example:
    >>> import rkeras
    >>> rkeras.ops.{name}([[1, 2], [3, 4]]).tolist()
    {example}
"""


def _triangle(name: str, where: str, mask: Callable[..., Any], example: Any) -> Callable[..., Any]:
    def fn(x: Any, k: int = 0) -> Any:
        x = _engine.convert(x)
        return _engine.apply("where", mask(np.ones(x.shape[-2:], dtype=bool), k), x, 0)

    return named(fn, name, _TRIANGLE_DOC, where=where, example=example)  # type: ignore[no-any-return]


tril = _triangle("tril", "above", np.tril, [[1, 0], [3, 4]])
triu = _triangle("triu", "below", np.triu, [[1, 2], [0, 4]])


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
def diagflat(x: Any, k: int = 0) -> Any:
    """A matrix with the elements of a tensor on a diagonal.

    Args:
        x: tensor, taken as a vector.
        k: which diagonal; 0 is the main one.

    Returns:
        A matrix.

    Example:
        >>> import rkeras
        >>> rkeras.ops.diagflat([[1], [2]]).tolist()
        [[1, 0], [0, 2]]
    """
    return diag(_engine.apply("reshape", x, shape=[-1]), k)


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
