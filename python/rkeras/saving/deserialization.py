"""Objects from records. Reading a record never imports anything that it names (see `class_table`)."""

from __future__ import annotations

import reprlib
import types
from collections.abc import Mapping
from typing import Any

import numpy as np

from rkeras import _engine, tree
from rkeras.keras_tensor import KerasTensor
from rkeras.saving import class_table
from rkeras.saving.lambdas import load_lambda
from rkeras.saving.object_registration import CustomObjectScope, get_custom_objects, get_registered_object
from rkeras.saving.scopes import SafeModeScope, in_safe_mode, state

Record = dict[str, Any]
_PLAIN = (str, int, float, bool, type(None))
# What code that expects a list, a dict or a number raises when it meets something else.
_MALFORMED = (ArithmeticError, AssertionError, AttributeError, LookupError, RecursionError)
_MAX_PLACES = 6


def deserialize_keras_object(
    config: Any,
    custom_objects: Mapping[str, Any] | None = None,
    safe_mode: bool = True,
    **kwargs: Any,
) -> Any:
    """Makes the object that a record describes.

    Args:
        config: what `serialize_keras_object` returned, perhaps after a way through JSON.
        custom_objects: names to classes and functions that the record may refer to.
        safe_mode: whether to refuse records that carry code.

    Returns:
        The object; lists and dicts that are no records are returned with their items deserialized.

    Raises:
        TypeError: if a class or function is neither ours nor registered, or the record is malformed.
        ValueError: if it carries code and ``safe_mode`` is on.

    Example:
        >>> from rkeras import regularizers
        >>> from rkeras.saving import serialize_keras_object
        >>> deserialize_keras_object(serialize_keras_object(regularizers.L2(0.5))).l2
        0.5
    """
    module_objects: Mapping[str, Any] | None = kwargs.pop("module_objects", None)
    if kwargs:
        raise TypeError(f"deserialize_keras_object() got unexpected arguments {sorted(kwargs)}")
    outer = in_safe_mode()
    safe_mode = safe_mode if outer is None else outer
    if custom_objects:
        with CustomObjectScope(custom_objects):
            return _read(config, safe_mode, module_objects)
    return _read(config, safe_mode, module_objects)


def _read(config: Any, safe_mode: bool, own: Mapping[str, Any] | None = None) -> Any:
    if isinstance(config, str):
        # Older formats write a function as its bare name.
        custom = get_registered_object(config, module_objects=own)
        return config if custom is None else custom
    if isinstance(config, _PLAIN):
        return config
    if isinstance(config, (list, tuple)):
        return [_read(item, safe_mode) for item in config]
    if not isinstance(config, dict):
        raise TypeError(f"Could not parse config: {config!r}")
    if "class_name" not in config or "config" not in config:
        return {key: _read(value, safe_mode) for key, value in config.items()}
    name = config["class_name"]
    inner = config["config"] if config["config"] is not None else {}
    if not isinstance(name, str):
        raise TypeError(f"`class_name` must be a string, got {name!r}")
    if name.startswith("__") and name in _TAGS:
        return _read_tagged(name, inner, safe_mode)
    if name == "function":
        return _read_function(config, inner, own)
    if not isinstance(inner, dict):
        raise TypeError(f"`config` of {name[:100]} must be a dict, got {reprlib.repr(inner)}")
    return _read_object(config, inner, safe_mode, own)


_TAGS = frozenset(f"__{kind}__" for kind in ("keras_tensor", "tensor", "numpy", "bytes", "ellipsis", "slice", "lambda"))


def _read_tagged(name: str, inner: Any, safe_mode: bool) -> Any:
    if not isinstance(inner, dict):
        raise TypeError(f"`config` of {name[:100]} must be a dict, got {reprlib.repr(inner)}")
    try:
        if name == "__ellipsis__":
            return Ellipsis
        if name == "__bytes__":
            return inner["value"].encode("utf-8")
        if name == "__slice__":
            return slice(*(_read(inner[part], safe_mode) for part in ("start", "stop", "step")))
        if name == "__keras_tensor__":
            tensor = KerasTensor(inner["shape"], dtype=inner["dtype"])
            tensor._pre_serialization_keras_history = inner["keras_history"]  # type: ignore[attr-defined]
            return tensor
        if name == "__lambda__":
            if safe_mode:
                raise ValueError(
                    "The record carries the code of a Python lambda, which could do anything when run. If "
                    "you trust where it comes from, pass `safe_mode=False` to the loading function or call "
                    "`keras.config.enable_unsafe_deserialization()`."
                )
            return load_lambda(inner["value"])
        return _read_array(inner["value"], inner["dtype"], is_tensor=name == "__tensor__")
    except (KeyError, AttributeError) as error:
        raise TypeError(f"malformed record of {name}: {reprlib.repr(inner)}") from error


_ARRAY_DTYPES = {"bool", "bfloat16", "float16", "float32", "float64", "complex64", "complex128"} | {
    f"{kind}{bits}" for kind in ("int", "uint") for bits in (8, 16, 32, 64)
}


def _read_array(value: Any, dtype: Any, is_tensor: bool) -> Any:
    # NumPy would make room for the longest string in each place, and read a type's size from its name.
    if not all(isinstance(number, (int, float)) for number in tree.flatten(value)):
        raise TypeError("the record of an array must hold numbers")
    if dtype not in _ARRAY_DTYPES:
        raise TypeError(f"the record of an array names the dtype {reprlib.repr(dtype)}")
    array = np.array(value)
    if array.dtype.kind == "O":
        raise TypeError("the record of an array holds numbers that are too large")
    return _engine.convert(array, dtype) if is_tensor else array.astype(dtype)


def _read_function(config: Record, name: Any, own: Mapping[str, Any] | None) -> Any:
    if not isinstance(name, str):
        raise TypeError(f"`config` of a function must be its name, got {name!r}")
    found = get_registered_object(name)
    if found is None and config.get("registered_name") not in (None, "function"):
        found = get_registered_object(config["registered_name"])
    if found is None and own is not None and isinstance(own.get(name), types.FunctionType):
        found = own[name]
    if found is None:
        found = class_table.find_function(name)
    if found is None and ">" not in name:
        # Keras up to 3.6 wrote registered functions without their package.
        ending = f">{name}"
        found = next((item for key, item in get_custom_objects().items() if key.endswith(ending)), None)
    if found is None:
        raise TypeError(_not_found("function", name, config))
    return found


def _read_object(config: Record, inner: Record, safe_mode: bool, own: Mapping[str, Any] | None) -> Any:
    name = config["class_name"]
    shared_id = config.get("shared_object_id")
    if shared_id is not None and state.shared_objects is not None and shared_id in state.shared_objects:
        return state.shared_objects[shared_id]
    cls = get_registered_object(config.get("registered_name") or name)
    if cls is None:
        cls = get_registered_object(name)
    if cls is None and own is not None:
        cls = own.get(name)
    if cls is None:
        cls = class_table.find_class(config.get("module"), name)
    if cls is None:
        raise TypeError(_not_found("class", name, config))
    if isinstance(cls, types.FunctionType):
        return cls
    if not hasattr(cls, "from_config"):
        raise TypeError(f"{cls!r} cannot be made from a record: it has no `from_config()` method")
    with SafeModeScope(safe_mode):
        try:
            instance = cls.from_config(inner)
            if config.get("build_config") and not getattr(instance, "built", True):
                instance.build_from_config(config["build_config"])
                instance.built = True
            if config.get("compile_config"):
                instance.compile_from_config(config["compile_config"])
                instance.compiled = True
        except (TypeError, ValueError) as error:
            raise _placed(error, name, inner) from error.__cause__
        except _MALFORMED as error:
            problem = f"the config holds something unexpected: {type(error).__name__}: {error}"
            raise _placed(ValueError(problem), name, inner) from error
    if shared_id is not None and state.shared_objects is not None:
        state.shared_objects[shared_id] = instance
    return instance


def _placed(error: Exception, class_name: str, inner: Record) -> Exception:
    """The error with one more line that says which object of the file was being made."""
    lines = str(error.args[0] if error.args else error).split("\n  in ")
    if len(lines) <= _MAX_PLACES:
        label = inner.get("name")
        lines.append(f"{class_name} {label[:100]!r}" if isinstance(label, str) else class_name)
        error.args = ("\n  in ".join(lines),)
    return error


def _not_found(kind: str, name: str, config: Record) -> str:
    return (
        f"Could not locate {kind} {name!r} (module {config.get('module')!r}). Decorate your own classes "
        "and functions with `@register_keras_serializable()` and import them before loading, "
        "or pass `custom_objects=`."
    )
