"""Neighbours, extremes and elements compared; choices among tensors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rkeras import _engine, ops
from rkeras.ops._arguments import axis_index
from rkeras.ops._dispatch import symbolic

__all__ = ["allclose", "diff", "ptp", "select", "trapezoid", "unravel_index"]


@symbolic
def allclose(x1: Any, x2: Any, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False) -> Any:
    """Whether all elements of two tensors are equal up to a tolerance.

    Args:
        x1: tensor.
        x2: tensor whose shape broadcasts with that of ``x1``.
        rtol: tolerance as a part of ``x2``.
        atol: tolerance that is added to it.
        equal_nan: whether NaN equals NaN.

    Returns:
        A bool scalar.

    Example:
        >>> import rkeras
        >>> bool(rkeras.ops.allclose([1.0, 2.0], [1.0, 2.0 + 1e-6]))
        True
    """
    return ops.all(ops.isclose(x1, x2, rtol, atol, equal_nan))


@symbolic
def diff(a: Any, n: int = 1, axis: int = -1) -> Any:
    """The differences of neighbours along an axis.

    Args:
        a: tensor.
        n: how many times differences are taken.
        axis: the axis.

    Returns:
        A tensor that is shorter by ``n`` along the axis.

    Example:
        >>> import rkeras
        >>> rkeras.ops.diff([1, 4, 9]).tolist()
        [3, 5]
    """
    a = _engine.convert(a)
    axis = axis_index(axis, a.ndim)
    before, after = ((*[slice(None)] * axis, cut) for cut in (slice(None, -1), slice(1, None)))
    for _ in range(n):
        compare = ops.not_equal if a.dtype == "bool" else ops.subtract
        a = compare(a[after], a[before])
    return a


@symbolic
def ptp(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The distance from the smallest element to the largest along axes.

    Args:
        x: tensor of any shape.
        axis: the axis or axes to reduce; all of them by default.
        keepdims: keeps the reduced axes with size 1.

    Returns:
        A tensor without the reduced axes.

    Example:
        >>> import rkeras
        >>> float(rkeras.ops.ptp([1.0, 5.0, 2.0]))
        4.0
    """
    return ops.subtract(ops.max(x, axis, keepdims), ops.min(x, axis, keepdims))


@symbolic
def trapezoid(y: Any, x: Any = None, dx: Any = 1.0, axis: int = -1) -> Any:
    """The area under a curve given by points, straight between them.

    Args:
        y: heights of the points.
        x: where they stand: a vector, or a tensor of the shape of ``y``.
        dx: their distance if ``x`` is not given.
        axis: along which axis they lie.

    Returns:
        A float tensor without that axis.

    Example:
        >>> import rkeras
        >>> float(rkeras.ops.trapezoid([1.0, 2.0, 3.0]))
        4.0
    """
    y = _engine.convert(y)
    if not y.dtype.startswith(("float", "bfloat")):
        y = ops.cast(y, _engine.floatx())
    y = ops.moveaxis(y, axis, -1)
    width = dx
    if x is not None:
        x = _engine.convert(x)
        width = diff(x if x.ndim == 1 else ops.moveaxis(x, axis, -1))
    return ops.sum((y[..., 1:] + y[..., :-1]) * width, axis=-1) * 0.5


@symbolic
def select(condlist: Sequence[Any], choicelist: Sequence[Any], default: Any = 0) -> Any:
    """Elements of the first tensor whose condition holds.

    Args:
        condlist: bool tensors.
        choicelist: as many tensors; all shapes broadcast.
        default: where no condition holds.

    Returns:
        A tensor of the common dtype.

    Raises:
        ValueError: there are none, or not as many of both.

    Example:
        >>> import rkeras
        >>> rkeras.ops.select([[True, False, False], [True, True, False]], [[1, 1, 1], [2, 2, 2]], 9).tolist()
        [1, 2, 9]
    """
    if not condlist or len(condlist) != len(choicelist):
        raise ValueError(f"select needs as many conditions as choices, got {len(condlist)} and {len(choicelist)}")
    found = default
    for condition, choice in zip(reversed(condlist), reversed(choicelist), strict=True):
        found = ops.where(condition, choice, found)
    return found


@symbolic
def unravel_index(indices: Any, shape: Sequence[int]) -> tuple[Any, ...]:
    """Positions in a flattened tensor as positions along each axis.

    Args:
        indices: integers.
        shape: of the tensor that is flattened.

    Returns:
        A tensor of integers for each axis.

    Example:
        >>> import rkeras
        >>> [t.tolist() for t in rkeras.ops.unravel_index([1, 5], (2, 3))]
        [[0, 1], [1, 2]]
    """
    rest = _engine.convert(indices)
    size = 1
    for n in shape:
        size *= n
    rest = ops.where(rest < 0, rest + size, rest)
    found = []
    for n in reversed(tuple(shape)):
        found.append(ops.mod(rest, n))
        rest = ops.floor_divide(rest, n)
    return tuple(reversed(found))
