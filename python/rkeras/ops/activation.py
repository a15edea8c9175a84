"""Activation functions as ops."""

from __future__ import annotations

from typing import Any

from rkeras import _engine
from rkeras.ops._dispatch import symbolic
from rkeras.ops._tables import unary

relu = unary("relu", "Each element, or 0 if that is larger.")
relu6 = unary("relu6", "Each element limited to 0 … 6.")
sigmoid = unary("sigmoid", "1 / (1 + exp(-x)).")
softplus = unary("softplus", "log(1 + exp(x)), without overflow.")
softsign = unary("softsign", "x / (1 + |x|).")
log_sigmoid = unary("log_sigmoid", "log(1 / (1 + exp(-x))), without overflow.")
silu = unary("silu", "x * sigmoid(x) (Elfwing et al. 2017).")
swish = unary("swish", "x * sigmoid(x) (Elfwing et al. 2017); another name of ``silu``.", "silu")
selu = unary("selu", "A scaled exponential linear unit that keeps mean and variance (Klambauer et al. 2017).")
hard_sigmoid = unary("hard_sigmoid", "relu6(x + 3) / 6.")
hard_silu = unary("hard_silu", "x * relu6(x + 3) / 6 (Howard et al. 2019).")
hard_swish = unary("hard_swish", "x * relu6(x + 3) / 6; another name of ``hard_silu``.", "hard_silu")
hard_tanh = unary("hard_tanh", "Each element limited to -1 … 1.")
mish = unary("mish", "x * tanh(softplus(x)) (Misra 2019).")
tanh_shrink = unary("tanh_shrink", "x - tanh(x).")
sparse_plus = unary("sparse_plus", "0 below -1, x above 1, a parabola between (Peters et al. 2019).")
sparse_sigmoid = unary("sparse_sigmoid", "(x + 1) / 2 limited to 0 … 1.")


@symbolic
def gelu(x: Any, approximate: bool = True) -> Any:
    """x times the normal distribution function at x (Hendrycks and Gimpel 2016).

    Args:
        x: tensor.
        approximate: uses the formula with tanh, which is off by less than 0.001.

    Returns:
        A tensor of the same shape.

    Example:
        >>> import rkeras
        >>> rkeras.ops.gelu([0.0]).tolist()
        [0.0]
    """
    return _engine.apply("gelu_tanh" if approximate else "gelu", x)


@symbolic
def leaky_relu(x: Any, negative_slope: float = 0.2) -> Any:
    """x if positive, else x times a slope.

    Args:
        x: tensor.
        negative_slope: the slope.

    Returns:
        A tensor of the same shape.

    Example:
        >>> import rkeras
        >>> rkeras.ops.leaky_relu([-1.0, 1.0], negative_slope=0.5).tolist()
        [-0.5, 1.0]
    """
    return _engine.apply("leaky_relu", x, negative_slope=float(negative_slope))


@symbolic
def elu(x: Any, alpha: float = 1.0) -> Any:
    """x if positive, else alpha * (exp(x) - 1) (Clevert et al. 2015).

    Args:
        x: tensor.
        alpha: the limit towards minus infinity.

    Returns:
        A tensor of the same shape.

    Example:
        >>> import rkeras
        >>> rkeras.ops.elu([1.0]).tolist()
        [1.0]
    """
    return _engine.apply("elu", x, alpha=float(alpha))


@symbolic
def celu(x: Any, alpha: float = 1.0) -> Any:
    """x if positive, else alpha * (exp(x / alpha) - 1) (Barron 2017).

    Args:
        x: tensor.
        alpha: the limit towards minus infinity.

    Returns:
        A tensor of the same shape.

    Example:
        >>> import rkeras
        >>> rkeras.ops.celu([1.0]).tolist()
        [1.0]
    """
    return _engine.apply("celu", x, alpha=float(alpha))


@symbolic
def threshold(x: Any, threshold: float, default_value: float) -> Any:
    """x where it is above a threshold, else a fixed number.

    Args:
        x: tensor.
        threshold: the threshold.
        default_value: the number.

    Returns:
        A tensor of the same shape.

    Example:
        >>> import rkeras
        >>> rkeras.ops.threshold([0.5, 2.0], 1.0, 0.0).tolist()
        [0.0, 2.0]
    """
    return _engine.apply("threshold", x, threshold=float(threshold), default_value=float(default_value))


@symbolic
def soft_shrink(x: Any, threshold: float = 0.5) -> Any:
    """x moved towards 0 by a threshold, 0 within it.

    Args:
        x: tensor.
        threshold: the threshold.

    Returns:
        A tensor of the same shape.

    Example:
        >>> import rkeras
        >>> rkeras.ops.soft_shrink([0.25, 1.5]).tolist()
        [0.0, 1.0]
    """
    return _engine.apply("soft_shrink", x, threshold=float(threshold))


@symbolic
def hard_shrink(x: Any, threshold: float = 0.5) -> Any:
    """x, but 0 within a threshold of 0.

    Args:
        x: tensor.
        threshold: the threshold.

    Returns:
        A tensor of the same shape.

    Example:
        >>> import rkeras
        >>> rkeras.ops.hard_shrink([0.25, 1.5]).tolist()
        [0.0, 1.5]
    """
    return _engine.apply("hard_shrink", x, threshold=float(threshold))


@symbolic
def squareplus(x: Any, b: float = 4) -> Any:
    """(x + sqrt(x * x + b)) / 2 (Barron 2021).

    Args:
        x: tensor.
        b: how round the corner is.

    Returns:
        A tensor of the same shape.

    Example:
        >>> import rkeras
        >>> rkeras.ops.squareplus([0.0]).tolist()
        [1.0]
    """
    return _engine.apply("squareplus", x, b=float(b))


@symbolic
def glu(x: Any, axis: int = -1) -> Any:
    """One half along an axis, gated by the sigmoid of the other (Dauphin et al. 2016).

    Args:
        x: tensor whose size along the axis is even.
        axis: the axis.

    Returns:
        A tensor of half that size.

    Raises:
        ValueError: the size is odd.

    Example:
        >>> import rkeras
        >>> rkeras.ops.glu([2.0, 0.0]).tolist()
        [1.0]
    """
    from rkeras.ops.splitting import split

    value, gate = split(x, 2, axis)
    return value * _engine.apply("sigmoid", gate)


def _over_axes(op: str, x: Any, axis: Any) -> Any:
    """Applies an op along one axis; several axes, or all of them (None), are first merged into one."""
    x = _engine.convert(x)
    if isinstance(axis, int):
        return _engine.apply(op, x, axis=axis)
    axes = list(range(x.ndim)) if axis is None else [a % x.ndim for a in axis]
    order = [a for a in range(x.ndim) if a not in axes] + axes
    moved = _engine.apply("transpose", x, axes=order)
    merged = _engine.apply("reshape", moved, shape=[*moved.shape[: x.ndim - len(axes)], -1])
    y = _engine.apply("reshape", _engine.apply(op, merged, axis=-1), shape=list(moved.shape))
    return _engine.apply("transpose", y, axes=[order.index(a) for a in range(x.ndim)])


@symbolic
def softmax(x: Any, axis: Any = -1) -> Any:
    """exp(x) divided by its sum along an axis.

    Args:
        x: tensor.
        axis: the axis or axes; None for all.

    Returns:
        A tensor of the same shape whose elements along the axis add up to 1.

    Example:
        >>> import rkeras
        >>> rkeras.ops.softmax([1.0, 1.0]).tolist()
        [0.5, 0.5]
    """
    return _over_axes("softmax", x, axis)


@symbolic
def log_softmax(x: Any, axis: Any = -1) -> Any:
    """The logarithm of softmax, exact where softmax underflows.

    Args:
        x: tensor.
        axis: the axis or axes; None for all.

    Returns:
        A tensor of the same shape.

    Example:
        >>> import rkeras
        >>> rkeras.ops.log_softmax([0.0]).tolist()
        [0.0]
    """
    return _over_axes("log_softmax", x, axis)


@symbolic
def sparsemax(x: Any, axis: int = -1) -> Any:
    """The nearest point of the probability simplex, mostly with exact zeros (Martins and Astudillo 2016).

    Args:
        x: tensor.
        axis: the axis.

    Returns:
        A tensor of the same shape whose elements along the axis add up to 1.

    Example:
        >>> import rkeras
        >>> rkeras.ops.sparsemax([3.0, 0.0]).tolist()
        [1.0, 0.0]
    """
    from rkeras.ops.rearranging import flip
    from rkeras.ops.sorting import sort
    from rkeras.ops.structure import moveaxis

    x = moveaxis(x, axis, -1)
    ordered = flip(sort(x), -1)
    ranks = _engine.apply("arange", start=1.0, step=1.0, count=x.shape[-1], dtype=x.dtype)
    sums = _engine.apply("cumsum", ordered, axis=-1)
    support = _engine.apply("cast", ordered * ranks + 1.0 > sums, dtype=x.dtype)
    count = _engine.apply("sum", support, axis=-1, keepdims=True)
    tau = (_engine.apply("sum", ordered * support, axis=-1, keepdims=True) - 1.0) / count
    return moveaxis(_engine.apply("relu", x - tau), -1, axis)
