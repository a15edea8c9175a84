"""Activation functions as ops."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from rkeras import _engine
from rkeras.ops._dispatch import symbolic
from rkeras.ops._tables import named, unary

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


_SHAPED_DOC = """{summary}

Args:
    x: tensor.
    {argument}: {meaning}.

Returns:
    A tensor of the same shape.

Example:
    >>> import rkeras
    >>> rkeras.ops.{name}({example}).tolist()
    {result}
"""


def _shaped(
    name: str, summary: str, argument: str, default: float, meaning: str, example: str, result: list[float]
) -> Callable[..., Any]:
    """An activation with one number that gives it its shape."""
    K = inspect.Parameter.POSITIONAL_OR_KEYWORD
    signature = inspect.Signature([inspect.Parameter("x", K), inspect.Parameter(argument, K, default=default)])

    def fn(*args: Any, **kwargs: Any) -> Any:
        if not kwargs and len(args) == 1:
            return _engine.apply(name, args[0], **{argument: float(default)})
        given = signature.bind(*args, **kwargs)
        given.apply_defaults()
        x, number = given.arguments.values()
        return _engine.apply(name, x, **{argument: float(number)})

    fn.__signature__ = signature  # type: ignore[attr-defined]
    words = {"argument": argument, "meaning": meaning, "example": example, "result": result}
    return named(fn, name, _SHAPED_DOC, summary=summary, **words)  # type: ignore[no-any-return]


leaky_relu = _shaped(
    "leaky_relu", "x if positive, else x times a slope.", "negative_slope", 0.2, "the slope",
    "[-1.0, 1.0], negative_slope=0.5", [-0.5, 1.0],
)  # fmt: skip
elu = _shaped(
    "elu", "x if positive, else alpha * (exp(x) - 1) (Clevert et al. 2015).", "alpha", 1.0,
    "the limit towards minus infinity", "[1.0]", [1.0],
)  # fmt: skip
celu = _shaped(
    "celu", "x if positive, else alpha * (exp(x / alpha) - 1) (Barron 2017).", "alpha", 1.0,
    "the limit towards minus infinity", "[1.0]", [1.0],
)  # fmt: skip
soft_shrink = _shaped(
    "soft_shrink", "x moved towards 0 by a threshold, 0 within it.", "threshold", 0.5, "the threshold",
    "[0.25, 1.5]", [0.0, 1.0],
)  # fmt: skip
hard_shrink = _shaped(
    "hard_shrink", "x, but 0 within a threshold of 0.", "threshold", 0.5, "the threshold",
    "[0.25, 1.5]", [0.0, 1.5],
)  # fmt: skip
squareplus = _shaped(
    "squareplus", "(x + sqrt(x * x + b)) / 2 (Barron 2021).", "b", 4, "how round the corner is", "[0.0]", [1.0],
)  # fmt: skip


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
    if isinstance(axis, int):
        return _engine.apply(op, x, axis=axis)
    x = _engine.convert(x)
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
