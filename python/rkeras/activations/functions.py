"""Activation functions that are no plain ops."""

from __future__ import annotations

from typing import Any

from rkeras import ops
from rkeras.ops._dispatch import symbolic


@symbolic
def relu(x: Any, negative_slope: float = 0.0, max_value: float | None = None, threshold: float = 0.0) -> Any:
    """The rectified linear unit: ``x`` above the threshold, capped; below it, a line.

    Args:
        x: tensor of any shape.
        negative_slope: slope below the threshold: ``negative_slope * (x - threshold)``.
        max_value: cap of the result; none by default.
        threshold: values up to it are cut off.

    Returns:
        A tensor of the same shape and dtype.

    Example:
        >>> relu([-10.0, 1.0, 5.0], negative_slope=0.5, max_value=4).tolist()
        [-5.0, 1.0, 4.0]
    """
    if threshold == 0.0 and max_value is None:
        return ops.leaky_relu(x, negative_slope=negative_slope) if negative_slope else ops.relu(x)
    x = ops.convert_to_tensor(x)
    above = ops.relu(x) if threshold == 0.0 else ops.where(ops.greater(x, threshold), x, 0)
    if max_value is not None:
        above = ops.minimum(above, max_value)
    if not negative_slope:
        return above
    return above - negative_slope * ops.relu(threshold - x)


@symbolic
def exponential(x: Any) -> Any:
    """``exp(x)``, element by element.

    Example:
        >>> exponential([0.0]).tolist()
        [1.0]
    """
    return ops.exp(x)


def linear(x: Any) -> Any:
    """Returns ``x`` itself.

    Example:
        >>> linear(3)
        3
    """
    return x
