"""Objects as records, in the form that Keras 3 writes: plain dicts that JSON can hold.

``{"module": "keras.layers", "class_name": "Dense", "config": {...}, "registered_name": None}``
"""

from __future__ import annotations

import types
import warnings
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from rkeras import _engine
from rkeras.keras_tensor import KerasTensor
from rkeras.saving import class_table
from rkeras.saving.lambdas import dump_lambda
from rkeras.saving.object_registration import get_registered_name
from rkeras.saving.scopes import ObjectSharingScope, state

Record = dict[str, Any]
_PLAIN = (str, int, float, bool, type(None))


def serialize_keras_object(obj: Any) -> Any:
    """Returns ``obj`` as a structure of dicts, lists, strings, numbers and None.

    Args:
        obj: an object with ``get_config``, a function, a tensor or array, or a list, tuple or dict of such.

    Raises:
        TypeError: if something in it has no ``get_config`` and no name.

    Example:
        >>> from rkeras import regularizers
        >>> serialize_keras_object(regularizers.L2(0.5))["class_name"]
        'L2'
    """
    if isinstance(obj, _PLAIN):
        return obj
    if isinstance(obj, (list, tuple)):
        items = [serialize_keras_object(item) for item in obj]
        return tuple(items) if isinstance(obj, tuple) else items
    if isinstance(obj, Mapping):
        return {key: serialize_keras_object(value) for key, value in obj.items()}
    tagged = _tagged(obj)
    if tagged is not None:
        return tagged
    if isinstance(obj, np.generic):
        return obj.item()
    if isinstance(obj, np.dtype):
        return obj.name
    if isinstance(obj, type) and issubclass(obj, np.generic):
        return obj.__name__
    if isinstance(obj, types.FunctionType):
        return {
            "module": "builtins",
            "class_name": "function",
            "config": get_registered_name(obj),
            "registered_name": "function",
        }
    return _object_record(obj)


def _tagged(obj: Any) -> Record | None:
    """The record of values that JSON has no form for."""
    tag: str
    config: Record
    if isinstance(obj, bytes):
        tag, config = "__bytes__", {"value": obj.decode("utf-8")}
    elif isinstance(obj, slice):
        parts = {"start": obj.start, "stop": obj.stop, "step": obj.step}
        tag, config = "__slice__", {name: serialize_keras_object(value) for name, value in parts.items()}
    elif obj is Ellipsis:
        tag, config = "__ellipsis__", {}
    elif isinstance(obj, KerasTensor):
        history = getattr(obj, "_keras_history", None)
        if history is not None:
            history = [history[0].name, *history[1:]]
        tag, config = "__keras_tensor__", {"shape": obj.shape, "dtype": obj.dtype, "keras_history": history}
    elif isinstance(obj, (_engine.Tensor, _engine.Variable)):
        tag, config = "__tensor__", {"value": obj.numpy().tolist(), "dtype": obj.dtype}
    elif isinstance(obj, np.ndarray) and obj.ndim > 0:
        tag, config = "__numpy__", {"value": obj.tolist(), "dtype": obj.dtype.name}
    elif isinstance(obj, np.ndarray):
        return None
    elif isinstance(obj, types.FunctionType) and obj.__name__ == "<lambda>":
        warnings.warn(
            f"A lambda ({obj.__code__.co_filename}:{obj.__code__.co_firstlineno}) is being saved as code. "
            "Loading it back needs `safe_mode=False`; a named, registered function does not.",
            stacklevel=4,
        )
        tag, config = "__lambda__", {"value": dump_lambda(obj)}
    else:
        return None
    return {"class_name": tag, "config": config}


def _object_record(obj: Any) -> Record:
    if isinstance(obj, np.ndarray):
        return obj.item()  # type: ignore[no-any-return]
    cls = type(obj)
    if isinstance(obj, type) or not hasattr(obj, "get_config"):
        raise TypeError(
            f"Cannot serialize {obj!r} of type {cls.__name__}: it has no `get_config()` method. Write one "
            "that returns the constructor's arguments."
        )
    config = obj.get_config()
    if not isinstance(config, dict):
        raise TypeError(f"`get_config()` of {obj!r} must return a dict, it returned {config!r}")
    public = class_table.public_name(cls)
    if public is not None:
        module, name, registered = (*public, None)
        if module.startswith("keras.src."):
            registered = name
    else:
        module, name, registered = cls.__module__, cls.__name__, get_registered_name(cls)
    record: Record = {
        "module": None if module == "__main__" else module,
        "class_name": name,
        "config": serialize_keras_object(config),
        "registered_name": registered,
    }
    for key in ("build_config", "compile_config"):
        getter = getattr(obj, f"get_{key}", None)
        extra = getter() if getter is not None else None
        if extra is not None:
            record[key] = serialize_keras_object(extra)
    if state.shared_records is not None:
        # The object is kept, so that no other one gets its id.
        state.shared_records[id(obj)] = obj
        record["shared_object_id"] = id(obj)
    return record


def serialize_shared(obj: Any) -> Any:
    """Like ``serialize_keras_object``, but records of one object carry one ``shared_object_id``.

    Read back within an ``ObjectSharingScope`` they give one object again.
    """
    with ObjectSharingScope():
        record = serialize_keras_object(obj)
    found = [(item, item["shared_object_id"]) for item in _records(record)]
    uses = Counter(key for _, key in found)
    numbers = {key: i for i, key in enumerate(key for key, count in uses.items() if count > 1)}
    for item, key in found:
        if key in numbers:
            item["shared_object_id"] = numbers[key]
        else:
            del item["shared_object_id"]
    return record


def _records(value: Any) -> Iterator[Record]:
    """The records with an id inside of a structure, in its order; those that stand twice, twice."""
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, dict):
            if "shared_object_id" in item and "class_name" in item:
                yield item
            waiting.extend(reversed(list(item.values())))
        elif isinstance(item, (list, tuple)):
            waiting.extend(reversed(item))
