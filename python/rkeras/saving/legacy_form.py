"""Records in the form that Keras 2 wrote and Keras 3 reads from HDF5 files, made from those of today.

What Keras 2 has no form for (ops as layers, tensors among the further arguments of a call) stays as Keras 3 has
it. Nested models that are called by a functional model are counted as Keras 3 counts them.
"""

from __future__ import annotations

from typing import Any

Record = dict[str, Any]

# Names of arguments by which Keras 2 and 3 know what Keras 3 calls otherwise.
_RENAMED = {"InputLayer": {"batch_shape": "batch_input_shape"}, "LeakyReLU": {"negative_slope": "alpha"}}
# Arguments that Keras 2 does not know, and the values with which they can be left out.
_NEW: dict[str, Any] = {
    "build_input_shape": None,
    "ema_overwrite_frequency": None,
    "input_axes": None,
    "loss_scale_factor": None,
    "gradient_accumulation_steps": None,
    "lora_alpha": None,
    "lora_rank": None,
    "optional": False,
    "output_axes": None,
    "quantization_config": None,
    "renorm": False,
    "rms_scaling": False,
    "use_ema": False,
    "weight_decay": None,
}
_WITH = {"renorm": ("renorm_clipping", "renorm_momentum"), "use_ema": ("ema_momentum",)}


def old_record(value: Any, named: bool = False) -> Any:
    """The old form of a record, or of everything in a structure.

    Args:
        value: the record or structure.
        named: whether records keep the module of their class. Keras 3 asks for it everywhere but in models' lists of
            layers and in what was given to ``compile``, where it must not be; Keras 2 never looks at it.

    Example:
        >>> from rkeras import layers, saving
        >>> record = old_record(saving.serialize_keras_object(layers.LeakyReLU(0.5, name="l")))
        >>> record["class_name"], record["config"]
        ('LeakyReLU', {'name': 'l', 'trainable': True, 'dtype': 'float32', 'alpha': 0.5})
    """
    if isinstance(value, (list, tuple)):
        return [old_record(item, named) for item in value]
    if not isinstance(value, dict):
        return value
    if not ("class_name" in value and "config" in value):
        return {key: old_record(item, named) for key, item in value.items()}
    name, config = value["class_name"], value["config"]
    module = str(value.get("module") or "")
    if name == "function":
        return config
    if name.startswith("__") or module.startswith("keras.src.ops"):
        return value
    if name == "DTypePolicy":
        return config["name"]
    ours = module.startswith("keras")
    if not ours and "build_config" in value and "compile_config" in value:
        return value
    extra = {key: value[key] for key in ("name", "inbound_nodes", "shared_object_id") if key in value}
    if "inbound_nodes" in extra:
        extra["inbound_nodes"] = [_old_call(call) for call in extra["inbound_nodes"]]
    if not ours:
        name = value.get("registered_name") or name
    record = {"class_name": name, "config": _old_config(name, config), **extra}
    if named:
        record.update({key: value.get(key) for key in ("module", "registered_name")})
        record["class_name"] = value["class_name"]
    return record


def _old_config(name: str, config: Record) -> Record:
    result = {}
    absent = {key for key, default in _NEW.items() if key in config and config[key] is default}
    absent.update([other for key in absent for other in _WITH.get(key, ())])
    renamed = _RENAMED.get(name, {})
    for key, value in config.items():
        if key not in absent:
            result[renamed.get(key, key)] = value if _is_places(key) else old_record(value, named=key != "layers")
    if name == "Lambda":
        _old_function(result)
    return result


def _is_places(key: str) -> bool:
    return key in ("input_layers", "output_layers")


def _old_function(config: Record) -> None:
    """The function of a Lambda layer: its name, or its code."""
    function = config.get("function")
    config["function_type"] = "function"
    if isinstance(function, dict) and function.get("class_name") == "__lambda__":
        inner = function["config"]
        config["function"] = [inner.get("code"), inner.get("defaults"), inner.get("closure")]
        config["function_type"] = "lambda"


def _old_call(call: Record) -> Any:
    """``[[layer, node, tensor, kwargs], …]`` for a call of tensors with plain arguments; else the call itself."""
    args, kwargs = call["args"], {key: value for key, value in call["kwargs"].items() if value is not None}
    if len(args) != 1 or not all(isinstance(value, (bool, int, float, str)) for value in kwargs.values()):
        return call
    tensors = args[0] if isinstance(args[0], (list, tuple)) else [args[0]]
    if not tensors or not all(_is_tensor(tensor) for tensor in tensors):
        return call
    return [[*tensor["config"]["keras_history"], kwargs] for tensor in tensors]


def _is_tensor(value: Any) -> bool:
    return isinstance(value, dict) and value.get("class_name") == "__keras_tensor__"
