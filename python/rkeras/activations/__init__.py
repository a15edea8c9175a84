"""Activation functions, by themselves and by name."""

from __future__ import annotations

import types
from collections.abc import Mapping
from typing import Any

from rkeras.activations.functions import exponential, linear, relu
from rkeras.ops import (
    celu,
    elu,
    gelu,
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

swish = silu
hard_swish = hard_silu

_FUNCTIONS = (
    celu, elu, exponential, gelu, glu, hard_shrink, hard_sigmoid, hard_silu, hard_tanh, leaky_relu, linear,
    log_sigmoid, log_softmax, mish, relu, relu6, selu, sigmoid, silu, soft_shrink, softmax, softplus, softsign,
    sparse_plus, sparse_sigmoid, sparsemax, squareplus, tanh, tanh_shrink, threshold,
)  # fmt: skip

TABLE = ObjectTable(
    "activation function", _FUNCTIONS, {"swish": silu, "hard_swish": hard_silu}, default=linear
)


def get(identifier: Any) -> Any:
    """Returns an activation function.

    Args:
        identifier: its name, a record, a function or layer; None for the identity.

    Raises:
        ValueError: if it names no activation.

    Example:
        >>> get("relu")([-1.0, 2.0]).tolist()
        [0.0, 2.0]
    """
    return TABLE.get(identifier)


def serialize(activation: Any) -> Any:
    """Returns the name of one of our functions, the record of anything else.

    Example:
        >>> serialize(relu)
        'relu'
    """
    record = TABLE.serialize(activation)
    if isinstance(activation, types.FunctionType) and TABLE.function(activation.__name__) is activation:
        return record["config"]
    return record


def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """Returns the activation that `serialize` wrote down."""
    return TABLE.deserialize(config, custom_objects)
