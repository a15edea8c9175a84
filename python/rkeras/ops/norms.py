"""Lengths of vectors and norms of matrices."""

from __future__ import annotations

import math
from typing import Any

from rkeras import _engine
from rkeras.ops._dispatch import symbolic

__all__ = ["norm", "normalize"]


@symbolic
def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    """The length of vectors.

    Args:
        x: tensor; integers become floats.
        ord: the order: 2 (default), 1, 0, any number, ``inf``, ``-inf``, or ``"fro"``.
        axis: along which axes; the whole tensor by default.
        keepdims: keeps the reduced axes with size 1.

    Returns:
        A float tensor.

    Raises:
        ValueError: an order that is not for vectors.

    Example:
        >>> import rkeras
        >>> float(rkeras.ops.norm([3.0, 4.0]))
        5.0
    """
    x = _engine.convert(x)
    if not x.dtype.startswith(("float", "bfloat")):
        x = _engine.apply("cast", x, dtype=_engine.floatx())
    options: dict[str, Any] = {"axis": axis, "keepdims": keepdims}
    if ord in (None, 2, "fro", "euclidean"):
        return _engine.apply("sqrt", _engine.apply("sum", _engine.apply("square", x), **options))
    size = _engine.apply("absolute", x)
    if ord == math.inf:
        return _engine.apply("max", size, **options)
    if ord == -math.inf:
        return _engine.apply("min", size, **options)
    if ord == 0:
        return _engine.apply("sum", _engine.apply("cast", x != 0, dtype=x.dtype), **options)
    if isinstance(ord, (int, float)):
        return _engine.apply(
            "power", _engine.apply("sum", _engine.apply("power", size, float(ord)), **options), 1.0 / ord
        )
    raise ValueError(f"norm of order {ord!r} is not defined for vectors")


@symbolic
def normalize(x: Any, axis: int = -1, order: int = 2, epsilon: float | None = None) -> Any:
    """Divides by the length along an axis.

    Args:
        x: tensor.
        axis: the axis.
        order: the order of the norm.
        epsilon: the least length to divide by; 1e-7 by default.

    Returns:
        A tensor of the same shape.

    Example:
        >>> import rkeras
        >>> rkeras.ops.normalize([[3.0, 4.0]]).shape
        (1, 2)
    """
    from rkeras import config

    least = config.epsilon() if epsilon is None else epsilon
    return _engine.apply("divide", x, _engine.apply("maximum", norm(x, order, axis, keepdims=True), least))
