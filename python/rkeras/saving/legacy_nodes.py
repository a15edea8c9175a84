"""The wiring of functional models as Keras 1 and 2 wrote it, ``[[layer, node, tensor, kwargs], …]`` a call."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

Record = dict[str, Any]

# In place of a layer's name: the value follows.
_CONSTANT = "_CONSTANT_VALUE"


def is_old_call(call: Any) -> bool:
    """Whether a call is written the old way; Keras 3 writes a dict of arguments."""
    return isinstance(call, list)


def present_wiring(config: Record) -> Record:
    """A functional model's config whose calls are dicts of arguments.

    Args:
        config: with records as ``layers``; what is not as it should be stays so.

    Example:
        >>> layer = {"class_name": "Dense", "config": {"name": "d"}, "inbound_nodes": [[["x", 0, 0]]]}
        >>> present_wiring({"layers": [layer]})["layers"][0]["inbound_nodes"][0]["args"][0]["config"]
        {'shape': None, 'dtype': None, 'keras_history': ['x', 0, 0]}
    """
    layers = [record for record in config["layers"] if isinstance(record, dict)]
    names = {_name(record) for record in layers}
    references = [place for record in layers for call in _calls(record) for place in _places(call, names)]
    models = {_name(record): record for record in layers if _is_model(record)}
    # Keras 2 counts the calls of a model within a model from one: its first was the one that made it.
    bases = {name: min((node for other, node in references if other == name), default=0) > 0 for name in models}
    present = []
    for record in layers:
        calls = [_present_call(call, names, bases) if is_old_call(call) else call for call in _calls(record)]
        present.append({**record, "name": record.get("name") or _name(record), "inbound_nodes": calls})
    config = {**config, "layers": present}
    for key in ("input_layers", "output_layers"):
        if key in config:
            config[key] = _present_places(config[key], models, bases)
    return config


def _name(record: Record) -> Any:
    config = record.get("config")
    name = record.get("name") or (config.get("name") if isinstance(config, dict) else None)
    return name if isinstance(name, str) else None


def _calls(record: Record) -> list[Any]:
    calls = record.get("inbound_nodes")
    return calls if isinstance(calls, list) else []


def _is_model(record: Record) -> bool:
    config = record.get("config")
    return isinstance(config, list) or (isinstance(config, dict) and "layers" in config)


def _is_place(value: Any) -> bool:
    return (
        isinstance(value, (list, tuple))
        and 3 <= len(value) <= 4
        and isinstance(value[0], str)
        and type(value[1]) is int
    )


def _places(value: Any, names: set[Any]) -> Iterator[tuple[str, int]]:
    """Layer and node of every tensor that a call written the old way mentions."""
    if _is_place(value) and value[0] in names:
        yield value[0], value[1]
        value = value[3:]
    if isinstance(value, (list, tuple)):
        for item in value:
            yield from _places(item, names)
    elif isinstance(value, dict) and value.get("class_name") != "__keras_tensor__":
        for item in value.values():
            yield from _places(item, names)


def _present_call(call: list[Any], names: set[Any], bases: dict[Any, bool]) -> Record:
    kwargs: Record = {}

    def restore(value: Any, is_input: bool) -> Any:
        # Among further arguments a list that begins with a text and a number may be just that.
        if _is_place(value) and (is_input or value[0] in names):
            name, node, tensor = value[:3]
            if len(value) == 4 and isinstance(value[3], dict):
                kwargs.update({key: restore(item, False) for key, item in value[3].items()})
            if name == _CONSTANT:
                return tensor
            history = [name, node - bases.get(name, False), tensor]
            config = {"shape": None, "dtype": None, "keras_history": history}
            return {"class_name": "__keras_tensor__", "config": config}
        if isinstance(value, (list, tuple)):
            return [restore(item, is_input) for item in value]
        if isinstance(value, dict):
            return {key: restore(item, is_input) for key, item in value.items()}
        return value

    inputs = restore(call, True)
    if isinstance(inputs, list) and len(inputs) == 1:
        inputs = inputs[0]
    return {"args": [inputs], "kwargs": kwargs}


def _present_places(value: Any, models: dict[Any, Record], bases: dict[Any, bool]) -> Any:
    """Where inputs and outputs come from; the calls of nested models count from one unless Sequential."""
    if _is_place(value):
        name, node, *rest = value
        if name in models:
            stacked = models[name].get("class_name") == "Sequential"
            made_first = bases[name] or node >= len(_calls(models[name]))
            node += (0 if stacked else 1) - (1 if node and made_first else 0)
        return [name, node, *rest]
    if isinstance(value, (list, tuple)):
        return [_present_places(item, models, bases) for item in value]
    if isinstance(value, dict):
        return {key: _present_places(item, models, bases) for key, item in value.items()}
    return value
