"""Layers around a layer."""

from __future__ import annotations

from typing import Any

from rkeras.layers.layer import Layer


class Wrapper(Layer):
    """A layer around another; subclasses define what happens to it.

    Args:
        layer: the layer.
        kwargs: those of ``Layer``.

    Example:
        >>> from rkeras.layers import Dense
        >>> class Twice(Wrapper):
        ...     def call(self, inputs):
        ...         return self.layer(inputs) * 2
        >>> Twice(Dense(3)).layer.units
        3
    """

    def __init__(self, layer: Any, **kwargs: Any) -> None:
        if not isinstance(layer, Layer):
            raise ValueError(f"{type(self).__name__} goes around a layer, got {layer!r}")
        super().__init__(**kwargs)
        self.layer = layer

    def build(self, input_shape: Any = None) -> None:
        """Builds the layer inside."""
        if not self.layer.built:
            self.layer.build(input_shape)
            self.layer.built = True

    def get_config(self) -> dict[str, Any]:
        """The arguments to make the layer again."""
        from rkeras import saving

        return {**super().get_config(), "layer": saving.serialize_keras_object(self.layer)}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: dict[str, Any] | None = None) -> Any:
        """Makes the layer from ``get_config``."""
        from rkeras import saving

        config = dict(config)
        layer = saving.deserialize_keras_object(config.pop("layer"), custom_objects=custom_objects)
        return super().from_config({**config, "layer": layer})
