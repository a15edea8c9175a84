"""What ``compile`` was given, in the JSON that Keras 2 and 3 put into HDF5 files."""

from __future__ import annotations

from typing import Any

from rkeras.saving.deserialization import deserialize_keras_object
from rkeras.saving.legacy_config import OPTIMIZERS, present_record
from rkeras.saving.legacy_form import old_record
from rkeras.saving.object_registration import get_registered_object

Record = dict[str, Any]

_MODULES = {"loss": "keras.losses", "metrics": "keras.metrics", "weighted_metrics": "keras.metrics"}


def training_config(model: Any) -> Record:
    """The arguments of ``compile``, with the optimizer's record as ``optimizer_config``."""
    config = {key: old_record(value) for key, value in model.get_compile_config().items()}
    optimizer = config.pop("optimizer")
    return {**config, "optimizer_config": optimizer}


def compile_arguments(config: Any) -> Record:
    """The arguments for ``compile`` from such a config.

    Args:
        config: of a file, by Keras 1, 2 or 3.

    Raises:
        ValueError: if it is no such thing.

    Example:
        >>> sgd = {"class_name": "SGD", "config": {"lr": 0.1, "decay": 0.0, "momentum": 0.9, "nesterov": False}}
        >>> arguments = compile_arguments({"optimizer_config": sgd, "loss": "mse", "metrics": ["acc"]})
        >>> arguments["optimizer"].momentum, arguments["loss"], arguments["metrics"]
        (0.9, 'mse', ['acc'])
    """
    if not isinstance(config, dict):
        raise ValueError(f"the training config must be a dict, it is a {type(config).__name__}")
    arguments: Record = {}
    for name, module in _MODULES.items():
        arguments[name] = _objects(config.get(name), module)
    for name in ("metrics", "weighted_metrics"):
        arguments[name] = _of_one_output(arguments[name])
    arguments["optimizer"] = _objects(config.get("optimizer_config"), OPTIMIZERS)
    for name in ("loss_weights", "run_eagerly", "steps_per_execution", "jit_compile"):
        if config.get(name) is not None:
            arguments[name] = config[name]
    return arguments


def _objects(value: Any, module: str) -> Any:
    """The structure with objects in place of records and of custom objects' names; other names are for ``compile``."""
    if isinstance(value, str):
        custom = get_registered_object(value)
        return value if custom is None else custom
    if isinstance(value, dict) and "class_name" in value:
        return deserialize_keras_object(present_record(value, module))
    if isinstance(value, dict):
        return {key: _objects(item, module) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_objects(item, module) for item in value]
    return value


def _of_one_output(metrics: Any) -> Any:
    """Keras 2 writes a list for each output, even if there is one; None or an empty list mean the same."""
    if isinstance(metrics, list) and len(metrics) == 1 and isinstance(metrics[0], list):
        return metrics[0]
    return metrics
