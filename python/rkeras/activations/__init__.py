"""Activation functions by name."""

from __future__ import annotations

from typing import Any

from rkeras import ops
from rkeras.ops import (
    celu,
    elu,
    glu,
    hard_shrink,
    hard_sigmoid,
    hard_silu,
    hard_tanh,
    leaky_relu,
    log_sigmoid,
    log_softmax,
    mish,
    relu6,
    selu,
    sigmoid,
    silu,
    soft_shrink,
    softmax,
    softplus,
    softsign,
    sparse_plus,
    sparse_sigmoid,
    sparsemax,
    squareplus,
    tanh,
    tanh_shrink,
    threshold,
)
from rkeras.saving.identifiers import ObjectTable


def relu(x: Any, negative_slope: float = 0.0, max_value: float | None = None, threshold: float = 0.0) -> Any:
    """max(x, 0), optionally with a slope below a threshold and an upper limit.

    Args:
        x: tensor.
        negative_slope: slope below the threshold.
        max_value: the largest result.
        threshold: below it, ``x`` is damped.

    Returns:
        A tensor of the same shape.

    Example:
        >>> import rkeras
        >>> rkeras.activations.relu(rkeras.ops.array([-1.0, 2.0])).tolist()
        [0.0, 2.0]
    """
    if negative_slope == 0.0 and threshold == 0.0:
        if max_value is None:
            return ops.relu(x)
        return ops.relu6(x) if max_value == 6.0 else ops.clip(x, 0.0, float(max_value))
    y = ops.where(x >= threshold, x, negative_slope * (x - threshold))
    return y if max_value is None else ops.minimum(y, float(max_value))


def linear(x: Any) -> Any:
    """``x`` itself.

    Args:
        x: tensor.

    Returns:
        The same tensor.

    Example:
        >>> import rkeras
        >>> rkeras.activations.linear(3.0)
        3.0
    """
    return x


def exponential(x: Any) -> Any:
    """exp(x).

    Args:
        x: tensor.

    Returns:
        A tensor of the same shape.

    Example:
        >>> import rkeras
        >>> rkeras.activations.exponential(rkeras.ops.zeros(1)).tolist()
        [1.0]
    """
    return ops.exp(x)


def gelu(x: Any, approximate: bool = False) -> Any:
    """``x`` times the normal distribution function of ``x`` (Hendrycks and Gimpel 2016).

    Args:
        x: tensor.
        approximate: whether to take the tanh formula; unlike ``ops.gelu``, not unless asked for.

    Returns:
        A tensor of the same shape.

    Example:
        >>> import rkeras
        >>> round(float(rkeras.activations.gelu(rkeras.ops.array(-1.0))), 4)
        -0.1587
    """
    return ops.gelu(x, approximate=approximate)


# The same functions, not others of the same effect: a model is saved with their first names.
swish = silu
hard_swish = hard_silu

_FUNCTIONS = [
    celu, elu, exponential, gelu, glu, hard_shrink, hard_sigmoid, hard_silu, hard_tanh, leaky_relu, linear,
    log_sigmoid, log_softmax, mish, relu, relu6, selu, sigmoid, silu, soft_shrink, softmax, softplus,
    softsign, sparse_plus, sparse_sigmoid, sparsemax, squareplus, tanh, tanh_shrink, threshold,
]  # fmt: skip

TABLE = ObjectTable("activation", _FUNCTIONS, {"swish": silu, "hard_swish": hard_silu}, default=linear)


def get(identifier: Any) -> Any:
    """The activation that a name stands for.

    Args:
        identifier: a name, a function, or None for ``linear``.

    Returns:
        A function.

    Raises:
        ValueError: there is no such activation.

    Example:
        >>> import rkeras
        >>> rkeras.activations.get("relu").__name__
        'relu'
    """
    return TABLE.get(identifier)


def serialize(activation: Any) -> Any:
    """The name that ``get`` gives the function back for.

    Args:
        activation: a function.

    Returns:
        A name, or a record for a registered function of the user's.

    Example:
        >>> import rkeras
        >>> rkeras.activations.serialize(rkeras.activations.relu)
        'relu'
    """
    name = getattr(activation, "__name__", None)
    if isinstance(name, str) and TABLE.function(name) is activation:
        return name
    return TABLE.serialize(activation)


def deserialize(config: Any, custom_objects: Any = None) -> Any:
    """The function that a record or a name stands for.

    Args:
        config: what ``serialize`` returned.
        custom_objects: further functions by name.

    Returns:
        A function.

    Example:
        >>> import rkeras
        >>> rkeras.activations.deserialize("relu").__name__
        'relu'
    """
    return TABLE.deserialize(config, custom_objects)


__all__ = [
    "celu", "deserialize", "elu", "exponential", "gelu", "get", "glu", "hard_shrink", "hard_sigmoid",
    "hard_silu", "hard_swish", "hard_tanh", "leaky_relu", "linear", "log_sigmoid", "log_softmax", "mish",
    "relu", "relu6", "selu", "serialize", "sigmoid", "silu", "soft_shrink", "softmax", "softplus", "softsign",
    "sparse_plus", "sparse_sigmoid", "sparsemax", "squareplus", "swish", "tanh", "tanh_shrink", "threshold",
]  # fmt: skip
