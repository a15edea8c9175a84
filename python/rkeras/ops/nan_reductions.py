"""Reductions that leave NaN out."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from rkeras import _engine, ops
from rkeras.ops._tables import named

Axis = int | tuple[int, ...] | list[int] | None

_DOC = """{summary}, NaN left out.

Args:
    x: tensor of any shape.
    axis: the axis or axes to reduce; {all}.
    keepdims: keeps the reduced axes with size 1.

Returns:
    A tensor without the reduced axes; {empty} where all are NaN.

Example:
    >>> import rkeras
    >>> float(rkeras.ops.{name}([1.0, float("nan"), 3.0]))
    {example}
"""
_RUNNING_DOC = """The running {what} along an axis, NaN left out.

Args:
    x: tensor of any shape.
    axis: the axis; the flattened tensor by default.
    dtype: dtype of the result.

Returns:
    A tensor of the shape of ``x`` (flat if ``axis`` is None).

Example:
    >>> import rkeras
    >>> rkeras.ops.{name}([1.0, float("nan"), 3.0]).tolist()
    {example}
"""


def _filled(x: Any, value: float) -> Any:
    """NaN replaced by a number; integers hold none."""
    x = _engine.convert(x)
    return ops.where(ops.isnan(x), value, x) if x.dtype.startswith(("float", "bfloat")) else x


def _nothing(x: Any, axis: Axis, keepdims: bool) -> Any:
    return ops.all(ops.isnan(x), axis, keepdims)


def _plain(name: str, summary: str, fill: float, empty: float, example: float) -> Callable[..., Any]:
    reduce = name.removeprefix("nan")

    def fn(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
        x = _engine.convert(x)
        found = getattr(ops, reduce)(_filled(x, fill), axis, keepdims)
        if fill == empty or not x.dtype.startswith(("float", "bfloat")):
            return found
        return ops.where(_nothing(x, axis, keepdims), empty, found)

    words = {"summary": summary, "empty": empty, "example": example, "all": "all of them by default"}
    return named(fn, name, _DOC, **words)  # type: ignore[no-any-return]


def _averaged(name: str, summary: str, formula: Callable[..., Any], example: float) -> Callable[..., Any]:
    def fn(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
        x = _engine.convert(x)
        if not x.dtype.startswith(("float", "bfloat")):
            x = ops.cast(x, _engine.floatx())
        return formula(x, axis, keepdims)

    words = {"summary": summary, "empty": "NaN", "example": example, "all": "all of them by default"}
    return named(fn, name, _DOC, **words)  # type: ignore[no-any-return]


def _count(x: Any, axis: Axis, keepdims: bool) -> Any:
    return ops.sum(ops.cast(ops.logical_not(ops.isnan(x)), x.dtype), axis, keepdims)


def _mean(x: Any, axis: Axis, keepdims: bool) -> Any:
    return ops.sum(_filled(x, 0.0), axis, keepdims) / _count(x, axis, keepdims)


def _var(x: Any, axis: Axis, keepdims: bool) -> Any:
    # NaN is replaced before anything is computed with it: the derivative of a branch not taken must be finite.
    distance = ops.where(ops.isnan(x), 0.0, _filled(x, 0.0) - _mean(x, axis, True))
    return ops.sum(ops.square(distance), axis, keepdims) / _count(x, axis, keepdims)


def _extreme_place(name: str, summary: str, fill: float, example: float) -> Callable[..., Any]:
    reduce = name.removeprefix("nan")

    def fn(x: Any, axis: int | None = None, keepdims: bool = False) -> Any:
        found = getattr(ops, reduce)(_filled(x, fill), axis, keepdims)
        return ops.where(_nothing(x, axis, keepdims), -1, found)

    words = {"summary": summary, "empty": -1, "example": example, "all": "the flattened tensor by default"}
    return named(fn, name, _DOC, **words)  # type: ignore[no-any-return]


def _running(name: str, what: str, fill: float, example: list[float]) -> Callable[..., Any]:
    cumulate = name.removeprefix("nan")

    def fn(x: Any, axis: int | None = None, dtype: str | None = None) -> Any:
        return getattr(ops, cumulate)(_filled(x, fill), axis, dtype)

    return named(fn, name, _RUNNING_DOC, what=what, example=example)  # type: ignore[no-any-return]


nansum = _plain("nansum", "The sum along axes", 0.0, 0.0, 4.0)
nanprod = _plain("nanprod", "The product along axes", 1.0, 1.0, 3.0)
nanmax = _plain("nanmax", "The largest element along axes", -math.inf, math.nan, 3.0)
nanmin = _plain("nanmin", "The smallest element along axes", math.inf, math.nan, 1.0)
nanmean = _averaged("nanmean", "The mean along axes", _mean, 2.0)
nanvar = _averaged("nanvar", "The variance along axes", _var, 1.0)
nanstd = _averaged("nanstd", "The standard deviation along axes", lambda *a: ops.sqrt(_var(*a)), 1.0)
nanargmax = _extreme_place("nanargmax", "Where the largest element along an axis stands", -math.inf, 2.0)
nanargmin = _extreme_place("nanargmin", "Where the smallest element along an axis stands", math.inf, 0.0)
nancumsum = _running("nancumsum", "sum", 0.0, [1.0, 1.0, 4.0])
nancumprod = _running("nancumprod", "product", 1.0, [1.0, 1.0, 3.0])

__all__ = [
    "nanargmax", "nanargmin", "nancumprod", "nancumsum", "nanmax", "nanmean", "nanmin", "nanprod", "nanstd", "nansum",
    "nanvar",
]  # fmt: skip
