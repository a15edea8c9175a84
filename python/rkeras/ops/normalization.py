"""Means and variances taken out."""

from __future__ import annotations

from typing import Any

from rkeras import _engine, config
from rkeras.ops._dispatch import symbolic
from rkeras.ops.reduction import mean

__all__ = ["batch_normalization", "layer_normalization", "rms_normalization"]


def _along(vector: Any, axis: Any, rank: int) -> Any:
    """A vector in a shape that broadcasts along an axis."""
    vector = _engine.convert(vector)
    if not isinstance(axis, int):
        return vector
    shape = [1] * rank
    shape[axis] = vector.size
    return _engine.apply("reshape", vector, shape=shape)


@symbolic
def batch_normalization(
    x: Any, mean: Any, variance: Any, axis: int, offset: Any = None, scale: Any = None, epsilon: float = 1e-3
) -> Any:
    """(x - mean) / sqrt(variance + epsilon) * scale + offset along an axis.

    Args:
        x: tensor.
        mean: vector of the axis' size.
        variance: likewise.
        axis: the axis.
        offset: vector that is added, or None.
        scale: vector that multiplies, or None.
        epsilon: keeps the root from zero.

    Returns:
        A tensor of the same shape.

    Example:
        >>> import rkeras
        >>> rkeras.ops.batch_normalization([[3.0]], [1.0], [4.0], axis=-1, epsilon=0.0).tolist()
        [[1.0]]
    """
    x = _engine.convert(x)
    factor = _engine.apply("rsqrt", _engine.apply("add", variance, epsilon))
    if scale is not None:
        factor = _engine.apply("multiply", factor, scale)
    shift = _engine.apply("negative", _engine.apply("multiply", mean, factor))
    if offset is not None:
        shift = _engine.apply("add", shift, offset)
    return x * _along(factor, axis, x.ndim) + _along(shift, axis, x.ndim)


@symbolic
def layer_normalization(
    x: Any, gamma: Any = None, beta: Any = None, axis: Any = -1, epsilon: float | None = None, **kwargs: Any
) -> Any:
    """Normalises each sample over axes to mean 0 and variance 1, then scales and shifts (Ba et al. 2016).

    Args:
        x: tensor.
        gamma: scale of the shape of the axes, or None.
        beta: shift of the shape of the axes, or None.
        axis: the axis or axes.
        epsilon: added to the variance; 1e-7 by default.
        kwargs: accepted for compatibility.

    Returns:
        A tensor of the same shape.

    Example:
        >>> import rkeras
        >>> rkeras.ops.layer_normalization([[1.0, 3.0]], epsilon=0.0).tolist()
        [[-1.0, 1.0]]
    """
    x = _engine.convert(x)
    least = config.epsilon() if epsilon is None else epsilon
    axes = sorted({a % x.ndim for a in ([axis] if isinstance(axis, int) else axis)})
    order = [a for a in range(x.ndim) if a not in axes] + axes
    moved = _engine.apply("transpose", x, axes=order)
    inner = 1
    for a in axes:
        inner *= x.shape[a]
    rows = _engine.apply("reshape", moved, shape=[*moved.shape[: x.ndim - len(axes)], inner])
    dtype = rows.dtype if rows.dtype.startswith(("float", "bfloat")) else _engine.floatx()

    def parameter(given: Any, default: float) -> Any:
        if given is None:
            return _engine.apply("full", shape=[inner], value=default, dtype=dtype)
        return _engine.apply("reshape", given, shape=[inner])

    y = _engine.apply("layer_norm", rows, parameter(gamma, 1.0), parameter(beta, 0.0), epsilon=float(least))[0]
    y = _engine.apply("reshape", y, shape=list(moved.shape))
    return _engine.apply("transpose", y, axes=[order.index(a) for a in range(x.ndim)])


@symbolic
def rms_normalization(x: Any, scale: Any = None, axis: Any = -1, epsilon: float | None = None) -> Any:
    """Divides by the root of the mean square along axes (Zhang and Sennrich 2019).

    Args:
        x: tensor.
        scale: multiplies the result, or None.
        axis: the axis or axes.
        epsilon: added to the mean square; 1e-7 by default.

    Returns:
        A tensor of the same shape.

    Example:
        >>> import rkeras
        >>> rkeras.ops.rms_normalization([[2.0, 2.0]], epsilon=0.0).tolist()
        [[1.0, 1.0]]
    """
    x = _engine.convert(x)
    least = config.epsilon() if epsilon is None else epsilon
    y = x * _engine.apply("rsqrt", mean(_engine.apply("square", x), axis, keepdims=True) + least)
    return y if scale is None else y * _along(scale, axis, x.ndim)
