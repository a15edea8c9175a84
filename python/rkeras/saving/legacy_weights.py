"""Weights in the HDF5 layout of Keras 1 and 2: a group per layer of the model, named after the layer.

Source: the files themselves; attributes ``layer_names`` and ``weight_names`` list what there is and in which
    order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from rkeras.saving.hdf5 import Reader, Writer, follow, has, read_attribute

# The version of the format, not ours: it is what other readers look for.
FORMAT_VERSION = "3.15.1"
WHOLE = "model_weights"
_TOP = "top_level_model_weights"
# HDF5 keeps attributes up to 64 KiB only; longer lists are split into name0, name1, …
_ATTRIBUTE_BYTES = 64512


def is_legacy(file: Any) -> bool:
    """Whether an open HDF5 file has this layout, by itself or as part of a whole model."""
    return "layer_names" in file.attrs or "layer_names0" in file.attrs or has(file, WHOLE)


def weights_of(layer: Any) -> list[Any]:
    """A layer's weights in the order of these files: all trainable ones, then the others."""
    return [*layer.trainable_weights, *layer.non_trainable_weights]


def write_layers(group: Any, model: Any) -> None:
    """Writes the weights of each of the model's layers into an open HDF5 file or group."""
    layers = model.layers
    write_names(group, "layer_names", [layer.name for layer in layers])
    group.attrs["backend"] = "rkeras"
    group.attrs["keras_version"] = FORMAT_VERSION
    for layer in layers:
        _write_weights(group.create_group(layer.name), weights_of(layer))
    if _TOP not in group:
        _write_weights(group.create_group(_TOP), _own_weights(model))


def _write_weights(group: Any, weights: list[Any]) -> None:
    names = unique_names([weight.path for weight in weights])
    write_names(group, "weight_names", names)
    writer = Writer(group)
    for name, weight in zip(names, weights, strict=True):
        writer[name] = weight.numpy()


def _own_weights(model: Any) -> list[Any]:
    """Weights that the model has besides those of its layers."""
    return [*model._trainable_variables, *model._non_trainable_variables]


def unique_names(names: list[str]) -> list[str]:
    """The names, those met before with a number.

    Example:
        >>> unique_names(["a/b", "a/b", "c"])
        ['a/b', 'a/b_1', 'c']
    """
    result: dict[str, None] = {}
    for name in names:
        new, i = name, 0
        while new in result:
            i += 1
            new = f"{name}_{i}"
        result[new] = None
    return list(result)


def read_layers(group: Any, model: Any, by_name: bool) -> Iterator[Callable[[], None] | ValueError]:
    """What is to be assigned, or the error of a layer that does not fit, for each layer with weights.

    Args:
        group: the open file, or its group of weights.
        model: the model.
        by_name: whether to match layers by name rather than by their order; layers without a match are left
            alone.

    Raises:
        ValueError: if layers are matched by order and their numbers differ.
    """
    stored = [(name, follow(group, name)) for name in read_names(group, "layer_names")]
    filled = [(name, g, read_names(g, "weight_names")) for name, g in stored if g is not None]
    filled = [entry for entry in filled if entry[2]]
    layers = [layer for layer in model.layers if weights_of(layer)]
    if by_name:
        by_layer = {layer.name: layer for layer in layers}
        pairs = [(by_layer[name], g, weights) for name, g, weights in filled if name in by_layer]
    else:
        if len(filled) != len(layers):
            raise ValueError(
                f"the file has {len(filled)} layers with weights ({', '.join(e[0] for e in filled)}), but "
                f"`{model.name}` {len(layers)}; match them by name with by_name=True or use the same model"
            )
        pairs = [(layer, g, weights) for layer, (_, g, weights) in zip(layers, filled, strict=True)]
    for layer, inner, names in pairs:
        try:
            yield _read_layer(layer, inner, names)
        except ValueError as error:
            yield error


def _read_layer(layer: Any, group: Any, names: list[str]) -> Callable[[], None]:
    weights = weights_of(layer)
    if len(weights) != len(names):
        raise ValueError(f"layer `{layer.name}` has {len(weights)} weights, but the file has {len(names)}: {names}")
    reader = Reader(group, group.name)
    arrays = [reader.read(name, tuple(w.shape), w.path) for name, w in zip(names, weights, strict=True)]

    def assign() -> None:
        for weight, array in zip(weights, arrays, strict=True):
            weight.assign(array)

    return assign


def write_names(group: Any, attribute: str, names: list[str]) -> None:
    """Writes a list of names as an attribute, or as several if it is long."""
    encoded = np.array([name.encode() for name in names], dtype="S") if names else np.zeros(0, "S1")
    if encoded.itemsize > _ATTRIBUTE_BYTES:
        raise ValueError(f"HDF5 files have no room for names of {encoded.itemsize:,} bytes.")
    if encoded.nbytes <= _ATTRIBUTE_BYTES:
        group.attrs[attribute] = encoded
        return
    for i, part in enumerate(np.array_split(encoded, -(-encoded.nbytes // _ATTRIBUTE_BYTES))):
        group.attrs[f"{attribute}{i}"] = part


def read_names(group: Any, attribute: str) -> list[str]:
    """The list of names that ``write_names``, or Keras, wrote; empty if there is none."""
    whole = read_attribute(group, attribute)
    values = [] if whole is None else list(whole)
    part = 0
    while whole is None and (names := read_attribute(group, f"{attribute}{part}")) is not None:
        values.extend(names)
        part += 1
    return [name.decode() if isinstance(name, bytes) else str(name) for name in values]
