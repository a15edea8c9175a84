"""Numbers as they are held: the neighbour of a float, and the bits of a tensor read as another dtype."""

from __future__ import annotations

from typing import Any

import numpy as np

from rkeras import _engine, ops
from rkeras.ops.core import dtype_name

__all__ = ["nextafter", "view"]


def nextafter(x1: Any, x2: Any) -> Any:
    """The next number that the dtype can hold, from ``x1`` towards ``x2``.

    The numbers must be known: within a compiled function or a functional model there are none yet.

    Args:
        x1: tensor of floats; integers become floats.
        x2: tensor whose shape broadcasts with that of ``x1``.

    Returns:
        A tensor of the broadcast shape; ``x2`` where both are equal, NaN where one is.

    Raises:
        TypeError: the numbers are not known yet.
        ValueError: the shapes do not broadcast.

    Example:
        >>> import rkeras
        >>> rkeras.ops.nextafter([1.0, 1.0], [2.0, 0.0]).tolist()
        [1.0000001192092896, 0.9999999403953552]
    """
    # Not from the engine's arithmetic, which takes numbers below the smallest normal one for zero.
    x1, x2 = _engine.convert(x1), _engine.convert(x2)
    dtype = ops.result_type(x1.dtype, x2.dtype, float)
    x1, x2 = ops.cast(x1, dtype).numpy(), ops.cast(x2, dtype).numpy()
    with np.errstate(all="ignore"):
        return _engine.convert(np.nextafter(x1, x2), dtype)


def view(x: Any, dtype: str | None = None) -> Any:
    """The bits of a tensor, read as another dtype.

    The numbers must be known: within a compiled function or a functional model there are none yet.

    Args:
        x: tensor.
        dtype: how its bits are read; as they are by default.

    Returns:
        A tensor whose last axis is longer, or shorter, as the dtype is narrower or wider.

    Raises:
        TypeError: the numbers are not known yet.
        ValueError: the last axis does not divide into numbers of that dtype.

    Example:
        >>> import rkeras
        >>> rkeras.ops.view(rkeras.ops.array([1.0, -2.0]), "int32").tolist()
        [1065353216, -1073741824]
    """
    x = _engine.convert(x)
    if dtype is None:
        return x
    name = dtype_name(dtype)
    try:
        # A byte other than 0 and 1 is no bool.
        bits = x.numpy().view("uint8").astype(bool) if name == "bool" else x.numpy().view(name)
    except ValueError as error:
        raise ValueError(f"view: the last axis of shape {x.shape} and dtype {x.dtype} has no view as {name}") from error
    return _engine.convert(bits, name)
