"""Layers as plain data and back."""

from __future__ import annotations

from typing import Any

from rkeras.layers.layer import Layer


def serialize(layer: Layer) -> Any:
    """Plain data that describes a layer, without its weights.

    Args:
        layer: the layer.

    Returns:
        A dict of class and configuration.

    Example:
        >>> from rkeras.layers import Dense
        >>> serialize(Dense(3))["class_name"]
        'Dense'
    """
    from rkeras import saving

    return saving.serialize_keras_object(layer)


def deserialize(config: Any, custom_objects: dict[str, Any] | None = None) -> Layer:
    """Makes the layer that plain data describes.

    Args:
        config: what ``serialize`` returned, perhaps after a way through JSON.
        custom_objects: names to classes and functions of your own.

    Returns:
        The layer, with new weights.

    Raises:
        ValueError: the data describes something else.

    Example:
        >>> from rkeras.layers import Dense
        >>> deserialize(serialize(Dense(3))).units
        3
    """
    from rkeras import layers, saving

    if isinstance(config, dict) and "class_name" in config and "module" not in config:
        # Older files name a class of ours without saying where it lives.
        cls = (custom_objects or {}).get(config["class_name"], getattr(layers, config["class_name"], None))
        if isinstance(cls, type) and issubclass(cls, Layer):
            return cls.from_config(config["config"])  # type: ignore[no-any-return]
    layer = saving.deserialize_keras_object(config, custom_objects=custom_objects)
    if not isinstance(layer, Layer):
        raise ValueError(f"the data does not describe a layer, but {layer!r}")
    return layer
