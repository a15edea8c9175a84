"""Configs that Keras 1 and 2 wrote, turned into the records of today, which ``serialization`` reads.

Older records name a class without saying where it lives; that follows from the slot they stand in. Nothing is
made here: what a record may name is decided by ``class_table`` alone.
"""

from __future__ import annotations

import reprlib
from typing import Any

from rkeras.compat.arguments import arguments_of_today
from rkeras.saving.class_table import family_and_name, find_class
from rkeras.saving.legacy_arguments import present_arguments
from rkeras.saving.legacy_nodes import is_old_call, present_wiring

Record = dict[str, Any]

LAYERS, MODELS, OPTIMIZERS = "keras.layers", "keras.models", "keras.optimizers"
# Where the classes of a slot live, by the end of the slot's name.
_SLOTS = {
    "initializer": "keras.initializers",
    "regularizer": "keras.regularizers",
    "constraint": "keras.constraints",
    "optimizer": OPTIMIZERS,
    "rate": "keras.optimizers.schedules",
    "loss": "keras.losses",
    "metrics": "keras.metrics",
    "dtype": "keras.dtype_policies",
    "policy": "keras.dtype_policies",
}
_OLD_CLASSES = {
    **dict.fromkeys(("Container", "Functional", "Model", "Network"), (MODELS, "Functional")),
    "Sequential": (MODELS, "Sequential"),
    **dict.fromkeys(
        ("BatchNormalizationV1", "BatchNormalizationV2", "SyncBatchNormalization"), (LAYERS, "BatchNormalization")
    ),
    "AtrousConvolution1D": (LAYERS, "Conv1D"),
    "AtrousConvolution2D": (LAYERS, "Conv2D"),
    "CuDNNGRU": (LAYERS, "GRU"),
    "CuDNNLSTM": (LAYERS, "LSTM"),
    "Deconvolution2D": (LAYERS, "Conv2DTranspose"),
    "Deconvolution3D": (LAYERS, "Conv3DTranspose"),
    **dict.fromkeys(("ActivityRegularizer", "L1L2Regularizer", "WeightRegularizer"), ("keras.regularizers", "L1L2")),
    "Policy": ("keras.dtype_policies", "DTypePolicy"),
    "PolicyV1": ("keras.dtype_policies", "DTypePolicy"),
}
# What the modes of Keras 1's Merge are called today, and what became of its arguments.
_MERGES: dict[str, tuple[str, dict[str, str]]] = {
    "sum": ("Add", {}),
    "mul": ("Multiply", {}),
    "ave": ("Average", {}),
    "max": ("Maximum", {}),
    "concat": ("Concatenate", {"concat_axis": "axis"}),
    "dot": ("Dot", {"dot_axes": "axes"}),
    "cos": ("Dot", {"dot_axes": "axes"}),
}


def is_old(record: Any) -> bool:
    """Whether a value is a record that does not say where its class lives.

    Example:
        >>> is_old({"class_name": "Dense", "config": {}}), is_old({"class_name": "__tuple__", "items": []})
        (True, False)
    """
    if not (isinstance(record, dict) and "config" in record and "module" not in record):
        return False
    name = record.get("class_name")
    return isinstance(name, str) and not name.startswith("__") and name != "function"


def present_record(record: Any, module: str = LAYERS) -> Any:
    """The record of today for one of any age.

    Args:
        record: what a file or ``get_config`` holds.
        module: where its class is, if it does not say so.

    Returns:
        A record; lists and dicts that are none are returned with their items converted.

    Raises:
        ValueError: it describes something that has no counterpart today.

    Example:
        >>> present_record({"class_name": "Dropout", "config": {"p": 0.5, "name": "d"}})["config"]
        {'rate': 0.5, 'name': 'd'}
    """
    if not is_old(record):
        return _present_value(record, module)
    name, config = record["class_name"], record["config"]
    config = {"layers": config} if isinstance(config, list) else {} if config is None else config
    if not isinstance(config, dict):
        raise ValueError(f"the config of {name[:100]} must be a dict, got {reprlib.repr(config)}")
    rest = {key: value for key, value in record.items() if key not in ("class_name", "config")}
    if _is_op(record, config):
        config = {key: _present_value(value, LAYERS) for key, value in config.items()}
        return {"module": "keras.src.ops.numpy", "class_name": name, "config": config, **rest}
    current = name
    if name == "Merge":
        current, config = _merge(config)
    elif module == OPTIMIZERS:
        # Keras 2.11 and later register their own classes like those of users.
        current = name.removeprefix("Custom>")
    module, current = _OLD_CLASSES.get(current, (module, current))
    config = present_config(module, current, config)
    return {"module": module, "class_name": current, "config": config, "registered_name": name, **rest}


def present_model(config: Any) -> Record:
    """The record of today for one of a model; a bare list of layers is a Sequential model.

    Raises:
        ValueError: it is no record.
    """
    if isinstance(config, list):
        config = {"class_name": "Sequential", "config": config}
    if not isinstance(config, dict):
        raise ValueError(f"the config describes no model, it is a {type(config).__name__}")
    record: Record = present_record(config, MODELS) if is_old(config) else config
    return record


def present_config(module: str, name: str, config: Record) -> Record:
    """The config of today for one of any age.

    Args:
        module: where the class is.
        name: its name of today.
        config: what ``get_config`` of some version returned.
    """
    if module == MODELS and "layers" in config:
        model: Record = present_model_config(config)
        return model
    config = {key: _present_value(value, _slot(key)) for key, value in config.items()}
    cls = find_class(module, name)
    if cls is None:
        return config
    config = present_arguments(module, name, config)
    return arguments_of_today(cls, config)


def present_model_config(config: Any) -> Any:
    """The config of today for one of a Functional or Sequential model of any age.

    Example:
        >>> present_model_config([{"class_name": "Dense", "config": {"output_dim": 3}}])["layers"][0]["config"]
        {'units': 3}
    """
    if isinstance(config, list):
        config = {"layers": config}
    layers = config.get("layers") if isinstance(config, dict) else None
    if isinstance(config, _Present) or not isinstance(layers, list) or not any(map(_needs_work, layers)):
        return config
    present = {key: _present_value(value, _slot(key)) for key, value in config.items() if key != "layers"}
    present["layers"] = [present_record(record) for record in layers]
    if any(key in config for key in ("input_layers", "output_layers")):
        present = present_wiring(present)
    return _Present(present)


class _Present(Record):
    """A model's config that has been converted: not again, when the models within it are made."""


def _needs_work(record: Any) -> bool:
    if not isinstance(record, dict):
        return False
    calls, config = record.get("inbound_nodes"), record.get("config")
    has_old_calls = isinstance(calls, list) and any(map(is_old_call, calls))
    return is_old(record) or has_old_calls or (isinstance(config, dict) and "batch_input_shape" in config)


def _slot(key: Any) -> str:
    return _SLOTS.get(str(key).rpartition("_")[2], LAYERS)


def _present_value(value: Any, module: str) -> Any:
    """What stands in a slot for objects of ``module``, with everything old in it converted."""
    if is_old(value):
        return present_record(value, module)
    if isinstance(value, (list, tuple)):
        return type(value)(_present_value(item, module) for item in value)
    if not isinstance(value, dict):
        return value
    kind, items = value.get("class_name"), value.get("items")
    if kind in ("__tuple__", "TensorShape") and isinstance(items, (list, tuple)):
        return tuple(_present_value(item, module) for item in items)
    if module in (_SLOTS["regularizer"], _SLOTS["constraint"]) and kind is None and "name" in value:
        # Keras 1 puts the arguments beside the name.
        rest = {key: item for key, item in value.items() if key != "name"}
        return present_record({"class_name": value["name"], "config": rest}, module)
    if "module" in value:
        return _present_late(value)
    inner = module if kind == "function" else None
    return {key: _present_value(item, inner or _slot(key)) for key, item in value.items()}


def _present_late(record: Record) -> Record:
    """The same for what says where its class lives: the last versions of Keras 2 did, with arguments of old."""
    place, config = family_and_name(record["module"], record.get("class_name")), record.get("config")
    if place is None or not isinstance(config, dict):
        return record
    return {**record, "config": present_config(*place, config)}


def _is_op(record: Record, config: Record) -> bool:
    """Whether a layer's record is that of an op; files of Keras 3 do not say.

    Every layer has a dtype and may be trained, an op has neither.
    """
    calls = record.get("inbound_nodes")
    written_by_keras_3 = isinstance(calls, list) and bool(calls) and not any(map(is_old_call, calls))
    return written_by_keras_3 and "dtype" not in config and "trainable" not in config and "layers" not in config


def _merge(config: Record) -> tuple[str, Record]:
    """The layer of today for Keras 1's Merge."""
    mode = config.get("mode")
    if not isinstance(mode, str) or mode not in _MERGES:
        raise ValueError(
            f"the Merge layer {reprlib.repr(config.get('name'))} has the mode {reprlib.repr(mode)}; "
            f"those that can be read are {', '.join(_MERGES)}"
        )
    if config.get("layers"):
        raise ValueError("a Merge of layers at the beginning of a Sequential is not read; use the functional API")
    name, arguments = _MERGES[mode]
    kept: Record = {key: config[key] for key in ("name", "trainable", "dtype") if key in config}
    kept.update({new: config[old] for old, new in arguments.items() if old in config})
    if mode == "cos":
        kept["normalize"] = True
    return name, kept
