"""Layers one after the other, as one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rkeras import tree
from rkeras.layers._signature import call_signature
from rkeras.layers.call_context import get_mask
from rkeras.layers.layer import Layer


class Pipeline(Layer):
    """Applies layers one after the other, to data of any kind; for preparing data.

    Args:
        layers: the layers.
        name: made up if not given.

    Example:
        >>> import numpy as np
        >>> from rkeras.layers import CategoryEncoding, StringLookup
        >>> lookup = StringLookup(vocabulary=["a", "b"])
        >>> Pipeline([lookup, CategoryEncoding(3)])(np.array([["a", "b"], ["b", "c"]])).tolist()
        [[0.0, 1.0, 1.0], [1.0, 0.0, 1.0]]
    """

    _convert_input_args = False

    def __init__(self, layers: Sequence[Any], name: str | None = None, **kwargs: Any) -> None:
        super().__init__(name=name, **kwargs)
        for layer in layers:
            if not isinstance(layer, Layer):
                raise ValueError(f"Pipeline is made of layers, got {layer!r}")
        self._pipeline_layers = list(layers)

    @property
    def layers(self) -> list[Any]:
        """The layers."""
        return list(self._pipeline_layers)

    def call(self, inputs: Any, training: bool = True, mask: Any = None) -> Any:
        """What comes out of the last layer."""
        for layer in self._pipeline_layers:
            info = call_signature(layer)
            options: dict[str, Any] = {}
            if info.has_mask:
                options["mask"] = mask
            if info.has_training:
                options["training"] = training
            inputs = layer(inputs, **options)
            mask = tree.map_structure(get_mask, inputs)
        return inputs

    def get_config(self) -> dict[str, Any]:
        """The arguments to make the layer again."""
        from rkeras import saving

        return {"layers": saving.serialize_keras_object(self._pipeline_layers), "name": self.name}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Pipeline:
        """Makes a layer from ``get_config``.

        Raises:
            ValueError: there is no list of layers.
        """
        from rkeras import saving

        records = config.get("layers")
        if not isinstance(records, (list, tuple)):
            raise ValueError(f"the record of a Pipeline needs a list of layers, got layers={records!r}")
        made = [saving.deserialize_keras_object(record, custom_objects=custom_objects) for record in records]
        return cls(**{**config, "layers": made})
