"""Ops in functional models as plain data, in the layout of Keras 3: an op is an object like ``Sum()``."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np

from rkeras import saving
from rkeras.graph import Node
from rkeras.naming import to_snake_case
from rkeras.operation import OpCall
from rkeras.symbolic import any_symbolic

# Parameters that Keras passes to the call of an op, even if they are constants; the others make the object.
_CALL_PARAMETERS = frozenset(
    ("x", "x1", "x2", "x3", "xs", "inputs", "key", "indices", "condition", "operands", "fill_value", "values")
)
# Where Keras has the classes; those not named are in ``numpy``.
_KERAS_MODULES = {
    "nn": [
        "relu",
        "relu6",
        "sigmoid",
        "sparse_sigmoid",
        "softplus",
        "softsign",
        "soft_shrink",
        "sparse_plus",
        "silu",
        "squareplus",
        "log_sigmoid",
        "leaky_relu",
        "hard_sigmoid",
        "hard_silu",
        "elu",
        "selu",
        "gelu",
        "celu",
        "glu",
        "tanh_shrink",
        "hard_tanh",
        "hard_shrink",
        "threshold",
        "softmax",
        "log_softmax",
        "sparsemax",
        "max_pool",
        "average_pool",
        "conv",
        "depthwise_conv",
        "separable_conv",
        "conv_transpose",
        "one_hot",
        "binary_crossentropy",
        "categorical_crossentropy",
        "sparse_categorical_crossentropy",
        "multi_hot",
        "moments",
        "batch_normalization",
        "normalize",
        "dot_product_attention",
        "rms_normalization",
        "layer_normalization",
    ],
    "core": [
        "scatter",
        "scatter_update",
        "slice",
        "slice_update",
        "stop_gradient",
        "unstack",
        "cast",
        "convert_to_tensor",
    ],
    "math": [
        "segment_sum",
        "segment_max",
        "top_k",
        "in_top_k",
        "logsumexp",
        "rsqrt",
        "erf",
        "erfinv",
        "logdet",
    ],
    "linalg": [
        "cholesky",
        "det",
        "eig",
        "eigh",
        "inv",
        "norm",
        "qr",
        "solve",
        "solve_triangular",
        "svd",
        "lstsq",
    ],
}
_PREFIXES = ("keras.src.ops.", "keras.ops")


def class_name(function: str) -> str:
    """The name of the class that Keras has for an op.

    Example:
        >>> class_name("expand_dims")
        'ExpandDims'
    """
    return "".join(part[:1].upper() + part[1:] for part in function.split("_"))


def is_op_record(record: dict[str, Any]) -> bool:
    """Whether a layer's record is that of an op."""
    return str(record.get("module", "")).startswith(_PREFIXES)


def split_arguments(op: OpCall, node: Node) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """The arguments of the call (in order), and those that belong to the object."""
    signature = inspect.signature(op.fn)
    bound = signature.bind(*node.arguments.args, **node.arguments.kwargs)
    args: list[Any] = []
    constants = dict(op.constants)
    for name, value in bound.arguments.items():
        kind = signature.parameters[name].kind
        if kind is inspect.Parameter.VAR_POSITIONAL:
            args.extend(value)
        elif any_symbolic(value) or name in _CALL_PARAMETERS:
            args.append(value)
        else:
            constants[name] = value
    if op.function == "get_item" and isinstance(args[1], list):
        # JSON knows one kind of sequence: a tuple of indices stays one, a list of rows becomes an array.
        args[1] = np.asarray(args[1])
    return tuple(args), constants


def restored_arguments(op: OpCall, args: list[Any]) -> list[Any]:
    """Arguments of a call as they were before they went through JSON."""
    if op.function == "get_item" and len(args) == 2 and isinstance(args[1], list):
        return [args[0], tuple(args[1])]
    return args


def op_record(op: OpCall, node: Node) -> dict[str, Any]:
    """The record of an op, without its calls."""
    _, constants = split_arguments(op, node)
    family = next((module for module, ops in _KERAS_MODULES.items() if op.function in ops), "numpy")
    name = class_name(op.function)
    return {
        "module": f"keras.src.ops.{family}",
        "class_name": name,
        "config": {"name": op.name, **saving.serialize_keras_object(constants)},
        "registered_name": name,
    }


def op_from_record(record: dict[str, Any], custom_objects: Any = None) -> OpCall:
    """The op of a record, as Keras or ``op_record`` wrote it."""
    config, function = record.get("config"), record.get("class_name")
    if not isinstance(config, dict) or not isinstance(function, str):
        raise ValueError("the record of an op must have a dict as `config` and a string as `class_name`")
    constants = saving.deserialize_keras_object(dict(config), custom_objects=custom_objects)
    name = constants.pop("name", None)
    return OpCall(to_snake_case(function), name=name, constants=constants)
