"""Tensors made from nothing: zeros, ones, ranges, grids."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from rkeras import _engine
from rkeras.ops._arguments import sizes
from rkeras.ops._dispatch import symbolic
from rkeras.ops._tables import named

_FILLED_DOC = """{summary}

Args:
    shape: the sizes.
    dtype: the default float by default.

Returns:
    A tensor.

Example:
    >>> import rkeras
    >>> rkeras.ops.{name}((2, 3)).shape
    (2, 3)
"""
_LIKE_DOC = """{summary}

Args:
    x: tensor.
    dtype: that of ``x`` by default.

Returns:
    A tensor.

Example:
    >>> import rkeras
    >>> rkeras.ops.{name}([1, 2]).shape
    (2,)
"""


def _filled(name: str, summary: str, value: float) -> Callable[..., Any]:
    def fn(shape: Any, dtype: str | None = None) -> Any:
        return _engine.apply("full", shape=sizes(shape), value=value, dtype=dtype or _engine.floatx())

    fn.__name__ = fn.__qualname__ = name
    fn.__module__ = "rkeras.ops"
    fn.__doc__ = _FILLED_DOC.format(summary=summary, name=name)
    return fn


def _like(name: str, summary: str, value: int) -> Callable[..., Any]:
    def fn(x: Any, dtype: str | None = None) -> Any:
        return full_like(x, value, dtype)

    return named(fn, name, _LIKE_DOC, summary=summary)  # type: ignore[no-any-return]


zeros = _filled("zeros", "Zeros of a shape.", 0.0)
ones = _filled("ones", "Ones of a shape.", 1.0)
empty = _filled("empty", "A tensor of a shape for numbers yet to come; here zeros, never stray memory.", 0.0)
zeros_like = _like("zeros_like", "Zeros in the shape of a tensor.", 0)
ones_like = _like("ones_like", "Ones in the shape of a tensor.", 1)
empty_like = _like("empty_like", "Zeros in the shape of a tensor, for numbers yet to come.", 0)


def full(shape: Any, fill_value: Any, dtype: str | None = None) -> Any:
    """A tensor of equal elements.

    Args:
        shape: the sizes.
        fill_value: the number, or a tensor that broadcasts to the shape.
        dtype: the default float by default.

    Returns:
        A tensor.

    Example:
        >>> import rkeras
        >>> rkeras.ops.full(2, 7.0).tolist()
        [7.0, 7.0]
    """
    value = _engine.convert(fill_value, dtype or _engine.floatx())
    return _engine.apply("broadcast_to", value, shape=sizes(shape))


@symbolic
def full_like(x: Any, fill_value: Any, dtype: str | None = None) -> Any:
    """Equal elements in the shape of a tensor.

    Args:
        x: tensor.
        fill_value: the number.
        dtype: that of ``x`` by default.

    Returns:
        A tensor.

    Example:
        >>> import rkeras
        >>> rkeras.ops.full_like([1, 2], 7).tolist()
        [7, 7]
    """
    x = _engine.convert(x)
    return _engine.apply("broadcast_to", _engine.convert(fill_value, dtype or x.dtype), shape=list(x.shape))


def arange(start: Any, stop: Any = None, step: Any = None, dtype: str | None = None) -> Any:
    """Numbers at equal distances, without the end.

    Args:
        start: the first number (0 if it is the only argument, which then is the end).
        stop: where to stop.
        step: the distance; 1 by default.
        dtype: that of the arguments by default (int32 for Python integers).

    Returns:
        A tensor of rank 1.

    Raises:
        ValueError: the step is zero.

    Example:
        >>> import rkeras
        >>> rkeras.ops.arange(3).tolist()
        [0, 1, 2]
    """
    given = [v for v in (start, stop, step) if v is not None]
    if stop is None:
        start, stop = 0, start
    step = 1 if step is None else step
    if dtype is None:
        kinds = ["float" if isinstance(v, float) else "int" if isinstance(v, int) else str(v.dtype) for v in given]
        dtype = _engine.result_type(kinds)
    start, stop, step = float(start), float(stop), float(step)
    if step == 0:
        raise ValueError("arange needs a step other than 0")
    return _engine.apply("arange", start=start, step=step, count=max(0, math.ceil((stop - start) / step)), dtype=dtype)


_MATRIX_DOC = """{summary}

Args:
    N: rows.
    M: columns; as many as rows by default.
    k: which diagonal; 0 is the main one.
    dtype: the default float by default.

Returns:
    A matrix.

Example:
    >>> import rkeras
    >>> rkeras.ops.{name}(2).tolist()
    {example}
"""


def _matrix(name: str, summary: str, points: Callable[..., Any], example: list[list[float]]) -> Callable[..., Any]:
    def fn(N: int, M: int | None = None, k: int = 0, dtype: str | None = None) -> Any:
        return _engine.convert(points(N, M, k), dtype or _engine.floatx())

    fn.__name__ = fn.__qualname__ = name
    fn.__module__ = "rkeras.ops"
    fn.__doc__ = _MATRIX_DOC.format(summary=summary, name=name, example=example)
    return fn


eye = _matrix("eye", "A matrix with ones on a diagonal.", np.eye, [[1.0, 0.0], [0.0, 1.0]])
tri = _matrix("tri", "Ones on and below a diagonal.", np.tri, [[1.0, 0.0], [1.0, 1.0]])


def identity(n: int, dtype: str | None = None) -> Any:
    """The identity matrix.

    Args:
        n: rows and columns.
        dtype: the default float by default.

    Returns:
        A matrix.

    Example:
        >>> import rkeras
        >>> rkeras.ops.identity(2).shape
        (2, 2)
    """
    return eye(n, dtype=dtype)


@symbolic
def meshgrid(*x: Any, indexing: str = "xy") -> list[Any]:
    """Coordinates of a grid, one tensor an axis.

    Args:
        x: vectors of coordinates.
        indexing: ``xy`` (the first two axes exchanged) or ``ij``.

    Returns:
        The list of grids.

    Raises:
        ValueError: another indexing.

    Example:
        >>> import rkeras
        >>> [g.shape for g in rkeras.ops.meshgrid([1, 2], [1, 2, 3])]
        [(3, 2), (3, 2)]
    """
    if indexing not in ("xy", "ij"):
        raise ValueError(f"indexing must be 'xy' or 'ij', got {indexing!r}")
    vectors = [_engine.apply("reshape", v, shape=[-1]) for v in x]
    order = list(range(len(vectors)))
    if indexing == "xy" and len(vectors) > 1:
        order[:2] = [1, 0]
    shape = [vectors[i].size for i in order]
    grids = []
    for i, v in enumerate(vectors):
        wide = [v.size if order[a] == i else 1 for a in range(len(vectors))]
        grids.append(_engine.apply("broadcast_to", _engine.apply("reshape", v, shape=wide), shape=shape))
    return grids
