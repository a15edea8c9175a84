"""Points between two ends."""

from __future__ import annotations

from typing import Any

import numpy as np

from rkeras import _engine, ops
from rkeras.ops._arguments import axis_index
from rkeras.ops._dispatch import symbolic

__all__ = ["geomspace", "linspace", "logspace"]


def _points(start: Any, stop: Any, num: int, endpoint: bool, dtype: str | None, axis: int, between: Any) -> Any:
    """Points along a new axis: ``between(start, stop, share)`` with shares from 0 to 1."""
    if num < 0:
        raise ValueError(f"there cannot be {num} points")
    start, stop = _engine.convert(start), _engine.convert(stop)
    wanted = dtype or _engine.result_type([start.dtype, stop.dtype, "float"])
    # Where integers are wanted, too, points lie at fractions.
    floating = wanted if wanted.startswith(("float", "bfloat")) else "float64"
    start, stop = (ops.expand_dims(ops.cast(end, floating), 0) for end in (start, stop))
    share = ops.cast(np.linspace(0.0, 1.0, num, endpoint), floating)
    rank = max(start.ndim, stop.ndim)
    found = between(start, stop, ops.reshape(share, [num] + [1] * (rank - 1)))
    if not wanted.startswith(("float", "bfloat")):
        found = ops.floor(found)
    return ops.moveaxis(ops.cast(found, wanted), 0, axis_index(axis, rank))


def _straight(start: Any, stop: Any, share: Any) -> Any:
    # Both ends are met exactly.
    return start * (1.0 - share) + stop * share


@symbolic
def linspace(
    start: Any,
    stop: Any,
    num: int = 50,
    endpoint: bool = True,
    retstep: bool = False,
    dtype: str | None = None,
    axis: int = 0,
) -> Any:
    """A given number of points at equal distances between two ends.

    Args:
        start: first point, a number or tensor.
        stop: last point.
        num: how many.
        endpoint: whether ``stop`` is one of them.
        retstep: also returns the distance.
        dtype: of the points; that of the ends as floats by default.
        axis: where the axis of points goes.

    Returns:
        A tensor, or (tensor, distance).

    Raises:
        ValueError: a negative number of points.

    Example:
        >>> import rkeras
        >>> rkeras.ops.linspace(0.0, 1.0, 3).tolist()
        [0.0, 0.5, 1.0]
    """
    found = _points(start, stop, num, endpoint, dtype, axis, _straight)
    if not retstep:
        return found
    gaps = num - 1 if endpoint else num
    distance = ops.cast(ops.subtract(stop, start), _engine.floatx()) / gaps if gaps > 0 else ops.array(np.nan)
    return found, distance


@symbolic
def logspace(
    start: Any,
    stop: Any,
    num: int = 50,
    endpoint: bool = True,
    base: float = 10,
    dtype: str | None = None,
    axis: int = 0,
) -> Any:
    """Points at equal ratios between two powers of a base.

    Args:
        start: exponent of the first point.
        stop: exponent of the last.
        num: how many.
        endpoint: whether the last is one of them.
        base: the base.
        dtype: of the points; that of the ends as floats by default.
        axis: where the axis of points goes.

    Returns:
        A tensor.

    Raises:
        ValueError: a negative number of points.

    Example:
        >>> import rkeras
        >>> rkeras.ops.logspace(0.0, 2.0, 3).tolist()
        [1.0, 10.0, 100.0]
    """

    def between(first: Any, last: Any, share: Any) -> Any:
        return ops.power(base, _straight(first, last, share))

    return _points(start, stop, num, endpoint, dtype, axis, between)


@symbolic
def geomspace(
    start: Any, stop: Any, num: int = 50, endpoint: bool = True, dtype: str | None = None, axis: int = 0
) -> Any:
    """Points at equal ratios between two ends of the same sign.

    Args:
        start: first point, a number or tensor.
        stop: last point.
        num: how many.
        endpoint: whether ``stop`` is one of them.
        dtype: of the points; that of the ends as floats by default.
        axis: where the axis of points goes.

    Returns:
        A tensor.

    Raises:
        ValueError: a negative number of points.

    Example:
        >>> import rkeras
        >>> [round(v, 4) for v in rkeras.ops.geomspace(1.0, 100.0, 3).tolist()]
        [1.0, 10.0, 100.0]
    """

    def between(first: Any, last: Any, share: Any) -> Any:
        exponent = _straight(ops.log(ops.absolute(first)), ops.log(ops.absolute(last)), share)
        return ops.sign(first) * ops.exp(exponent)

    return _points(start, stop, num, endpoint, dtype, axis, between)
