"""Order statistics: quantiles, medians, ranges, with NaN counted or left out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from rkeras import _engine, ops
from rkeras.ops._arguments import axis_indices
from rkeras.ops._tables import named

_METHODS = ("linear", "lower", "higher", "midpoint", "nearest")


def _rows(x: Any, axis: Any) -> tuple[Any, list[int]]:
    """The axes to reduce merged into the last one, and the shape that keeps them with size 1."""
    axes = axis_indices(axis, x.ndim)
    kept = [a for a in range(x.ndim) if a not in axes]
    moved = ops.transpose(x, [*kept, *axes])
    shape = [1 if a in axes else x.shape[a] for a in range(x.ndim)]
    return ops.reshape(moved, [*(x.shape[a] for a in kept), -1]), shape


def _quantile(x: Any, q: Any, axis: Any, method: str, keepdims: bool, leave_out_nan: bool) -> Any:
    if method not in _METHODS:
        raise ValueError(f"the method of a quantile must be one of {_METHODS}, got {method!r}")
    x = _engine.convert(x)
    if not x.dtype.startswith(("float", "bfloat")):
        x = ops.cast(x, _engine.floatx())
    at = ops.cast(q, x.dtype)
    rows, kept_shape = _rows(x, axis)
    ordered = ops.sort(rows)
    outer = list(ordered.shape[:-1])
    if leave_out_nan:
        count = ops.sum(ops.cast(ops.logical_not(ops.isnan(ordered)), x.dtype), axis=-1)
    else:
        count = ops.full(outer, float(ordered.shape[-1]), dtype=x.dtype)
    # One row of positions for each quantile, in front.
    place = ops.reshape(at, [-1] + [1] * len(outer)) * ops.maximum(count - 1.0, 0.0)
    below, above = ops.floor(place), ops.ceil(place)
    if method == "nearest":
        below = above = ops.round(place)
    wide = ops.broadcast_to(ops.expand_dims(ordered, 0), [place.shape[0], *ordered.shape])

    def picked(position: Any) -> Any:
        index = ops.expand_dims(ops.cast(position, "int32"), -1)
        return ops.squeeze(ops.take_along_axis(wide, index, axis=-1), -1)

    low, high = picked(below), picked(above)
    share = {"linear": place - below, "lower": 0.0, "higher": 1.0, "midpoint": 0.5, "nearest": 0.0}[method]
    # Equal neighbours, infinite ones too, need no mixing.
    found = ops.where(ops.equal(low, high), low, low + (high - low) * share)
    if not leave_out_nan:
        found = ops.where(ops.isnan(ordered[..., -1]), np.nan, found)
    return ops.reshape(found, [*at.shape, *(kept_shape if keepdims else outer)])


_QUANTILE_DOC = """The number below which a share of the elements along axes lies{nan}.

Args:
    x: tensor of any shape; integers become floats.
    q: the share, a number or several, from 0 to {top}.
    axis: the axis or axes; all of them by default.
    method: between two elements, ``linear`` mixes them, ``lower``, ``higher`` and ``nearest`` take one of them,
        ``midpoint`` takes their mean.
    keepdims: keeps the reduced axes with size 1.

Returns:
    A tensor without the reduced axes, with those of ``q`` in front.

Raises:
    ValueError: an unknown method.

Example:
    >>> import rkeras
    >>> float(rkeras.ops.{name}([1.0, 2.0, 5.0], {half}))
    2.0
"""
_MEDIAN_DOC = """The middle one of the elements along axes, or the mean of the two in the middle{nan}.

Args:
    x: tensor of any shape; integers become floats.
    axis: the axis or axes; all of them by default.
    keepdims: keeps the reduced axes with size 1.

Returns:
    A tensor without the reduced axes.

Example:
    >>> import rkeras
    >>> float(rkeras.ops.{name}([1.0, 2.0, 5.0]))
    2.0
"""
_LEFT_OUT = {True: "; NaN are left out", False: "; NaN if one is"}


def _declare_quantile(name: str, top: int, leave_out_nan: bool) -> Callable[..., Any]:
    def fn(x: Any, q: Any, axis: Any = None, method: str = "linear", keepdims: bool = False) -> Any:
        share = q if top == 1 else ops.cast(q, _engine.floatx()) / float(top)
        return _quantile(x, share, axis, method, keepdims, leave_out_nan)

    words = {"nan": _LEFT_OUT[leave_out_nan], "top": top, "half": top / 2}
    return named(fn, name, _QUANTILE_DOC, **words)  # type: ignore[no-any-return]


def _declare_median(name: str, leave_out_nan: bool) -> Callable[..., Any]:
    def fn(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
        return _quantile(x, 0.5, axis, "linear", keepdims, leave_out_nan)

    return named(fn, name, _MEDIAN_DOC, nan=_LEFT_OUT[leave_out_nan])  # type: ignore[no-any-return]


quantile = _declare_quantile("quantile", 1, False)
percentile = _declare_quantile("percentile", 100, False)
median = _declare_median("median", False)
nanquantile = _declare_quantile("nanquantile", 1, True)
nanpercentile = _declare_quantile("nanpercentile", 100, True)
nanmedian = _declare_median("nanmedian", True)

__all__ = ["median", "nanmedian", "nanpercentile", "nanquantile", "percentile", "quantile"]
