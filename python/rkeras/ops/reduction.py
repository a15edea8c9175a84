"""Reductions over axes, and what is built on them."""

from __future__ import annotations

import builtins
import math
from collections.abc import Callable
from typing import Any

from rkeras import _engine
from rkeras.ops._dispatch import symbolic
from rkeras.ops._tables import named
from rkeras.ops.core import dtype_name

Axis = int | tuple[int, ...] | list[int] | None

_DOC = """{summary}

Args:
    x: tensor of any shape.
    axis: the axis or axes to reduce; all of them by default.
    keepdims: keeps the reduced axes with size 1.

Returns:
    A tensor without the reduced axes{dtypes}.

Raises:
    ValueError: an axis is out of range{raises}.

Example:
    >>> import rkeras
    >>> rkeras.ops.{name}([[1.0, 2.0], [3.0, 4.0]], axis=0).shape
    (2,)
"""


def _reduction(
    name: str, summary: str, op: str | None = None, dtypes: str = "", raises: str = ""
) -> Callable[..., Any]:
    engine_name = op or name

    def fn(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
        return _engine.apply(engine_name, x, axis=axis, keepdims=keepdims)

    return named(fn, name, _DOC, summary=summary, dtypes=dtypes, raises=raises)  # type: ignore[no-any-return]


@symbolic
def prod(x: Any, axis: Axis = None, keepdims: bool = False, dtype: str | None = None) -> Any:
    """Multiplies along axes.

    Args:
        x: tensor of any shape.
        axis: the axis or axes to reduce; all of them by default.
        keepdims: keeps the reduced axes with size 1.
        dtype: of factors and result; that of ``x`` by default, but 32 bits for small integers and bools.

    Returns:
        A tensor without the reduced axes.

    Raises:
        ValueError: an axis is out of range.

    Example:
        >>> import rkeras
        >>> rkeras.ops.prod([[1.0, 2.0], [3.0, 4.0]], axis=0).tolist()
        [3.0, 8.0]
    """
    if dtype is None:
        return _engine.apply("prod", x, axis=axis, keepdims=keepdims)
    dtype = dtype_name(dtype)
    product = _engine.apply("prod", _engine.apply("cast", x, dtype=dtype), axis=axis, keepdims=keepdims)
    return _engine.apply("cast", product, dtype=dtype)


_EMPTY = ", or there is nothing to choose from"

sum = _reduction("sum", "Adds up along axes.", dtypes="; small integers and bools are summed in 32 bits")
any = _reduction("any", "True where some element along the axes is not zero.", dtypes=", of bools")
all = _reduction("all", "True where every element along the axes is not zero.", dtypes=", of bools")
logsumexp = _reduction("logsumexp", "The logarithm of the sum of exponentials along axes, without overflow.")
amax = _reduction("amax", "The largest element along axes; NaN if one is.", "max", raises=_EMPTY)
amin = _reduction("amin", "The smallest element along axes; NaN if one is.", "min", raises=_EMPTY)


_EXTREME_DOC = """The {which} element along axes; NaN if one is.

Args:
    x: tensor of any shape.
    axis: the axis or axes to reduce; all of them by default.
    keepdims: keeps the reduced axes with size 1.
    initial: a number that takes part, and the result where there is nothing else.

Returns:
    A tensor without the reduced axes.

Raises:
    ValueError: there is nothing to choose from.

Example:
    >>> import rkeras
    >>> float(rkeras.ops.{name}([1.0, 3.0, 2.0]))
    {example}
"""


def _extreme(name: str, which: str, larger: str, example: float) -> Callable[..., Any]:
    def fn(x: Any, axis: Axis = None, keepdims: bool = False, initial: Any = None) -> Any:
        x = _engine.convert(x)
        if initial is None:
            return _engine.apply(name, x, axis=axis, keepdims=keepdims)
        axes = range(x.ndim) if axis is None else ((axis,) if isinstance(axis, int) else axis)
        if builtins.any(x.shape[a] == 0 for a in axes):
            shape = _engine.apply("sum", _engine.apply("cast", x, dtype="float32"), axis=axis, keepdims=keepdims).shape
            return _engine.apply("broadcast_to", _engine.convert(initial, x.dtype), shape=shape)
        return _engine.apply(larger, _engine.apply(name, x, axis=axis, keepdims=keepdims), initial)

    return named(fn, name, _EXTREME_DOC, which=which, example=example)  # type: ignore[no-any-return]


max = _extreme("max", "largest", "maximum", 3.0)
min = _extreme("min", "smallest", "minimum", 1.0)


_MEAN_DOC = """{summary}

Args:
    x: tensor of any shape; integers become floats.
    axis: the axis or axes to reduce; all of them by default.
    keepdims: keeps the reduced axes with size 1.

Returns:
    A float tensor without the reduced axes; NaN where there is nothing to average.

Example:
    >>> import rkeras
    >>> float(rkeras.ops.{name}([1.0, 3.0]))
    {example}
"""


def _averaged(name: str, summary: str, formula: Callable[..., Any], example: float) -> Callable[..., Any]:
    def fn(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
        x = _engine.convert(x)
        if not x.dtype.startswith(("float", "bfloat")):
            x = _engine.apply("cast", x, dtype=_engine.floatx())
        return formula(x, axis, keepdims)

    return named(fn, name, _MEAN_DOC, summary=summary, example=example)  # type: ignore[no-any-return]


def _mean(x: Any, axis: Axis, keepdims: bool) -> Any:
    total = _engine.apply("sum", x, axis=axis, keepdims=keepdims)
    count = x.size // total.size if total.size else 1
    return total * (1.0 / count if count else math.nan)


mean = _averaged("mean", "The arithmetic mean along axes.", _mean, 2.0)
var = _averaged(
    "var", "The mean squared distance from the mean along axes (no Bessel correction).", lambda *a: moments(*a)[1], 1.0
)
std = _averaged(
    "std", "The square root of the variance along axes.", lambda *a: _engine.apply("sqrt", moments(*a)[1]), 1.0
)


@symbolic
def moments(x: Any, axes: Axis, keepdims: bool = False, synchronized: bool = False) -> tuple[Any, Any]:
    """Mean and variance along axes, in two passes so that a large mean costs no digits.

    Args:
        x: tensor of any shape.
        axes: the axis or axes to reduce.
        keepdims: keeps the reduced axes with size 1.
        synchronized: accepted for compatibility; there is one process.

    Returns:
        The pair (mean, variance).

    Example:
        >>> import rkeras
        >>> [float(m) for m in rkeras.ops.moments([1.0, 3.0], axes=0)]
        [2.0, 1.0]
    """
    x = _engine.convert(x)
    kept = mean(x, axes, keepdims=True)
    variance = mean(_engine.apply("squared_difference", x, kept), axes, keepdims)
    return (kept if keepdims else _engine.apply("reshape", kept, shape=variance.shape)), variance


@symbolic
def count_nonzero(x: Any, axis: Axis = None) -> Any:
    """How many elements along axes are not zero.

    Args:
        x: tensor of any shape.
        axis: the axis or axes to reduce; all of them by default.

    Returns:
        An int32 tensor.

    Example:
        >>> import rkeras
        >>> int(rkeras.ops.count_nonzero([0, 3, 4]))
        2
    """
    return _engine.apply("sum", _engine.apply("cast", _engine.apply("not_equal", x, 0), dtype="int32"), axis=axis)


@symbolic
def average(x: Any, axis: Axis = None, weights: Any = None) -> Any:
    """The mean along axes, weighted if weights are given.

    Args:
        x: tensor of any shape.
        axis: the axis or axes to reduce; all of them by default.
        weights: tensor of the shape of ``x``, or of its size along ``axis``.

    Returns:
        A float tensor without the reduced axes.

    Example:
        >>> import rkeras
        >>> float(rkeras.ops.average([1.0, 3.0], weights=[3.0, 1.0]))
        1.5
    """
    if weights is None:
        return mean(x, axis)
    x, weights = _engine.convert(x), _engine.convert(weights)
    if weights.shape != x.shape:
        if not isinstance(axis, int) or weights.ndim != 1:
            raise ValueError(f"weights of shape {weights.shape} do not fit x of shape {x.shape} and axis {axis}")
        shape = [1] * x.ndim
        shape[axis] = weights.size
        weights = _engine.apply("reshape", weights, shape=shape)
    weights = _engine.apply("broadcast_to", weights, shape=x.shape)
    return sum(x * weights, axis) / sum(weights, axis)


_ARG_DOC = """Where the {which} element along an axis stands; the first of equals.

Args:
    x: tensor of any shape.
    axis: the axis; the flattened tensor by default.
    keepdims: keeps the axis with size 1.

Returns:
    An int32 tensor.

Example:
    >>> import rkeras
    >>> int(rkeras.ops.{name}([1.0, 3.0, 2.0]))
    {example}
"""


def _arg(name: str, which: str, example: int) -> Callable[..., Any]:
    def fn(x: Any, axis: int | None = None, keepdims: bool = False) -> Any:
        x = _engine.convert(x)
        if axis is None:
            found = _engine.apply(name, _engine.apply("reshape", x, shape=[-1]), axis=0)
            return _engine.apply("reshape", found, shape=[1] * x.ndim) if keepdims else found
        found = _engine.apply(name, x, axis=axis)
        if not keepdims:
            return found
        shape = list(x.shape)
        shape[axis] = 1
        return _engine.apply("reshape", found, shape=shape)

    return named(fn, name, _ARG_DOC, which=which, example=example)  # type: ignore[no-any-return]


argmax = _arg("argmax", "largest", 1)
argmin = _arg("argmin", "smallest", 0)

_CUMULATIVE_DOC = """The running {what} along an axis.

Args:
    x: tensor of any shape.
    axis: the axis; the flattened tensor by default.
    dtype: dtype of the result.

Returns:
    A tensor of the shape of ``x`` (flat if ``axis`` is None).

Example:
    >>> import rkeras
    >>> rkeras.ops.{name}([1.0, 2.0, 4.0]).tolist()
    {example}
"""


def _cumulative(name: str, what: str, example: list[float]) -> Callable[..., Any]:
    def fn(x: Any, axis: int | None = None, dtype: str | None = None) -> Any:
        x = _engine.convert(x, dtype)
        if axis is None:
            x, axis = _engine.apply("reshape", x, shape=[-1]), 0
        return _engine.apply(name, x, axis=axis)

    return named(fn, name, _CUMULATIVE_DOC, what=what, example=example)  # type: ignore[no-any-return]


cumsum = _cumulative("cumsum", "sum", [1.0, 3.0, 7.0])
cumprod = _cumulative("cumprod", "product", [1.0, 2.0, 8.0])
