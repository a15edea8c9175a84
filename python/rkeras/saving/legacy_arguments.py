"""Arguments in old configs that have become others, or that have no meaning any more."""

from __future__ import annotations

import reprlib
from collections.abc import Callable
from typing import Any

Record = dict[str, Any]

# Arguments without a counterpart, and the values with which they made no difference; () for any value.
_WITHOUT_MEANING: dict[str, tuple[Any, ...]] = {
    "adjustment": (None,),
    "consume_less": (),
    "fused": (),
    "input_dtype": (),
    "is_legacy_optimizer": (),
    "jit_compile": (),
    "mode": (0,),
    "renorm_clipping": (None,),
    "rng_type": (),
    "schedule_decay": (0.004,),
    "softmax_robust_masking": (False,),
    "time_major": (False,),
    "type_spec": (None,),
    "virtual_batch_size": (None,),
}


def present_arguments(module: str, name: str, config: Record) -> Record:
    """The config of a class of ours without what has gone.

    Args:
        module: where the class is.
        name: its name.
        config: an old config.

    Raises:
        ValueError: an argument asks for something that cannot be done any more.

    Example:
        >>> present_arguments("keras.layers", "BatchNormalization", {"mode": 0, "axis": [3]})
        {'axis': 3}
    """
    config = dict(config)
    for key in [key for key in config if key in _WITHOUT_MEANING]:
        values = _WITHOUT_MEANING[key]
        if not values or any(config[key] is value or config[key] == value for value in values):
            del config[key]
    for kind in (module, f"{module}.{name}"):
        if kind in _CHANGES:
            for change in _CHANGES[kind]:
                change(config)
    return config


def _layer(config: Record) -> None:
    # Dilated convolutions were layers of their own in Keras 1.
    if "atrous_rate" in config:
        config["dilation_rate"] = config.pop("atrous_rate")
    axis = config.get("axis")
    if isinstance(axis, (list, tuple)) and len(axis) == 1:
        config["axis"] = axis[0]


def _input_layer(config: Record) -> None:
    if "batch_input_shape" in config:
        config["batch_shape"] = config.pop("batch_input_shape")


def _without_groups(config: Record) -> None:
    if config.get("groups") == 1:
        del config["groups"]


def _separable(config: Record) -> None:
    # Of the whole kernel, which Keras 2 inherits from other convolutions and never uses.
    for kind in ("initializer", "regularizer", "constraint"):
        config.pop(f"kernel_{kind}", None)


def _attention(config: Record) -> None:
    # Found out when it is called.
    for kind in ("query", "key", "value"):
        config.pop(f"{kind}_shape", None)


def _embedding(config: Record) -> None:
    config.pop("input_length", None)
    if config.get("dropout") in (0, None):
        config.pop("dropout", None)


def _initializer(config: Record) -> None:
    config.pop("dtype", None)


def _variance_scaling(config: Record) -> None:
    if config.get("distribution") == "normal":
        config["distribution"] = "truncated_normal"


def _loss(config: Record) -> None:
    config.pop("fn", None)
    if config.get("reduction") == "auto":
        config["reduction"] = "sum_over_batch_size"


def _metric_of_function(config: Record) -> None:
    if isinstance(config.get("fn"), str):
        config["fn"] = _function(config["fn"])


def _optimizer(config: Record) -> None:
    if "lr" in config:
        config.setdefault("learning_rate", config.pop("lr"))
    for key in ("epsilon", "decay"):
        if not config.get(key, True):
            del config[key]


def _max_norm(config: Record) -> None:
    if "m" in config:
        config["max_value"] = config.pop("m")


def _recurrent(config: Record) -> None:
    forget = config.pop("forget_bias_init", None)
    if forget is not None:
        config["unit_forget_bias"] = forget in ("one", "ones")


def _lambda(config: Record) -> None:
    kinds = {"function": config.pop("function_type", None), "output_shape": config.pop("output_shape_type", None)}
    for key in ("module", "output_shape_module"):
        config.pop(key, None)
    for key, kind in kinds.items():
        value = config.get(key)
        if kind == "lambda" or (key == "function" and isinstance(value, list)):
            if not isinstance(value, (list, tuple)) or len(value) != 3:
                raise ValueError(f"the {key} of a Lambda layer must be code, got {reprlib.repr(value)}")
            code = dict(zip(("code", "defaults", "closure"), value, strict=True))
            config[key] = {"class_name": "__lambda__", "config": code}
        elif isinstance(value, str):
            config[key] = _function(value)


def _function(name: str) -> Record:
    return {"module": "builtins", "class_name": "function", "config": name, "registered_name": "function"}


_ONE_GROUP = ("Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose", "DepthwiseConv1D", "DepthwiseConv2D")
_CHANGES: dict[str, tuple[Callable[[Record], None], ...]] = {
    **{f"keras.layers.{name}": (_without_groups,) for name in _ONE_GROUP},
    **{f"keras.layers.Separable{name}": (_without_groups, _separable) for name in ("Conv1D", "Conv2D")},
    "keras.initializers": (_initializer,),
    "keras.initializers.VarianceScaling": (_variance_scaling,),
    "keras.constraints.MaxNorm": (_max_norm,),
    "keras.layers": (_layer,),
    "keras.layers.Embedding": (_embedding,),
    "keras.layers.GRU": (_recurrent,),
    "keras.layers.InputLayer": (_input_layer,),
    "keras.layers.LSTM": (_recurrent,),
    "keras.layers.Lambda": (_lambda,),
    "keras.layers.MultiHeadAttention": (_attention,),
    "keras.losses": (_loss,),
    "keras.metrics.MeanMetricWrapper": (_metric_of_function,),
    "keras.optimizers": (_optimizer,),
}
