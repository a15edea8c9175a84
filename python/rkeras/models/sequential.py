"""Models that are a stack of layers."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from typing import Any

from rkeras import tree
from rkeras.keras_tensor import KerasTensor, standardize_shape
from rkeras.layers.call_context import masks_of, training_scope
from rkeras.layers.core.input_layer import InputLayer
from rkeras.layers.layer import Layer
from rkeras.models.model import Model
from rkeras.models.network import Network
from rkeras.naming import auto_name, name_scope
from rkeras.tracing import eager_scope


class Sequential(Model):
    """A stack of layers, each with one input and one output.

    Its weights exist as soon as the input's shape is known: from an ``Input`` at the beginning, from
    ``build``, or from the first data.

    Args:
        layers: layers to begin with.
        trainable: whether training changes the weights.
        name: made up if not given.

    Example:
        >>> from rkeras import layers
        >>> model = Sequential([layers.Dense(4, activation="relu"), layers.Dense(1)])
        >>> model.weights
        []
        >>> model.build((None, 3))
        >>> [w.shape for w in model.weights]
        [(3, 4), (4,), (4, 1), (1,)]
    """

    def __init__(self, layers: Iterable[Any] | None = None, trainable: bool = True, name: str | None = None) -> None:
        super().__init__(trainable=trainable, name=name)
        # Its Input, or else its layers, cast.
        self.autocast = False
        if layers is not None:
            for layer in [layers] if isinstance(layers, Layer) else layers:
                self.add(layer, rebuild=False)
            self._maybe_rebuild()

    def add(self, layer: Any, rebuild: bool = True) -> None:
        """Puts a layer (or an ``Input``, as the first) on top of the stack."""
        if isinstance(layer, KerasTensor):
            history = getattr(layer, "_keras_history", None)
            if history is not None and isinstance(history.operation, InputLayer):
                layer = history.operation
        if not isinstance(layer, Layer):
            hint = f"; add an instance, {layer.__name__}(…)" if isinstance(layer, type) else ""
            raise ValueError(f"a Sequential is made of layers, got {layer!r} (of type {type(layer).__name__}){hint}")
        if not self._layers and layer._input_shape_arg is not None:
            self.add(InputLayer(batch_shape=(layer._batch_size_arg, *layer._input_shape_arg)), rebuild=False)
        if any(other is not layer and other.name == layer.name for other in self._layers):
            raise ValueError(
                f"model {self.name!r} has a layer called {layer.name!r} already; give this one another name="
            )
        if isinstance(layer, InputLayer) and self._layers:
            raise ValueError(
                f"model {self.name!r} can only have an Input as its first layer; it begins with {self._layers[0]}"
            )
        # Not `_track`: a layer may be there twice.
        self._layers.append(layer)
        try:
            if not rebuild:
                self._forget_network()
            elif self._network is not None:
                self._extend(layer)
            else:
                self._maybe_rebuild()
        except BaseException:
            self._layers.pop()
            raise

    def pop(self, rebuild: bool = True) -> Layer:
        """Takes the last layer off the stack and returns it."""
        if not self.layers:
            raise ValueError(f"model {self.name!r} has no layers to take off")
        layer: Layer = self._layers.pop()
        self._forget_network()
        if rebuild:
            self._maybe_rebuild()
        return layer

    def _extend(self, layer: Layer) -> None:
        """Calls one more layer on what the stack gives; calling all again would be slow for tall stacks."""
        assert self._network is not None
        with name_scope(self.name, caller=self), eager_scope():
            self._wire(self._network.inputs_struct, layer(self._network.outputs_struct))

    def _wire(self, inputs: Any, outputs: Any) -> None:
        # Keras wraps the stack in a functional model, whose name counts for the names of later models.
        auto_name("Functional")
        self._set_network(Network(inputs, outputs, self.name))

    def _forget_network(self) -> None:
        self.built = False
        self._set_network(None)

    def _maybe_rebuild(self) -> None:
        self._forget_network()
        if len(self._layers) < 2:
            return
        first = self._layers[0]
        if isinstance(first, InputLayer):
            self.build(first.batch_shape)
        elif isinstance(first, Model) and first._network is not None:
            self.build(first.input_shape)

    def build(self, input_shape: Any = None) -> None:
        """Makes the weights of all layers.

        Args:
            input_shape: the input's shape, batch axis first (None for any size).

        Raises:
            ValueError: if the model has no layers, begins with an Input of another shape, or a layer cannot
                take what comes before it.
        """
        if not self._layers:
            raise ValueError(f"model {self.name!r} has no layers yet: add some before building or calling it")
        first = self._layers[0]
        if input_shape is None and isinstance(first, InputLayer):
            input_shape = first.batch_shape
        if input_shape is None:
            raise ValueError(
                f"model {self.name!r} cannot be built without knowing its input: pass "
                "build(input_shape=(None, …)), "
                "put an Input first, or call the model on data"
            )
        if not tree.is_shape(input_shape):
            # Several inputs: the first layer takes them as they are, and each layer builds itself when
            # called.
            self.built = True
            return
        shape = standardize_shape(input_shape)
        if not isinstance(first, InputLayer):
            first = InputLayer(batch_shape=shape, dtype=_input_dtype(first))
            self._layers.insert(0, first)
        elif not _compatible(first.batch_shape, shape):
            raise ValueError(
                f"model {self.name!r} begins with an Input of shape {first.batch_shape}, it cannot be built for {shape}"
            )
        x = first.output
        for layer in self._layers[1:]:
            x = layer(x)
        self._wire(first.output, x)

    def _set_network(self, network: Network | None) -> None:
        super()._set_network(network)
        self._convert_input_args = network is None

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        """Applies the layers one after the other."""
        if self._network is not None:
            return super().call(inputs, training=training, mask=mask)
        if not self.layers:
            raise ValueError(f"model {self.name!r} has no layers yet: add some before building or calling it")
        with training_scope(training):
            for layer in self.layers:
                takes_mask = mask is not None and layer.supports_masking
                inputs = layer(inputs, mask=mask) if takes_mask and _has_mask_argument(layer) else layer(inputs)
                mask = masks_of(inputs)
        return inputs

    @property
    def layers(self) -> list[Layer]:
        """The layers that were added, without the Input."""
        layers = self._layers
        return layers[1:] if layers and isinstance(layers[0], InputLayer) else layers[:]

    @layers.setter
    def layers(self, value: Any) -> None:
        raise AttributeError(
            f"use add() and pop() to change the layers of a Sequential, they cannot be set to {value!r}"
        )

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The output's shape for an input's shape."""
        for layer in self.layers:
            input_shape = layer.compute_output_shape(input_shape)
        return input_shape

    @property
    def input_dtype(self) -> str:
        """The dtype that inputs are cast to."""
        first = self._layers[0] if self._layers else None
        return first.dtype if isinstance(first, InputLayer) else super().input_dtype

    def get_config(self) -> dict[str, Any]:
        """The layers' configs, to make the model again."""
        from rkeras import dtype_policies, saving

        config: dict[str, Any] = {
            "name": self.name,
            "trainable": self.trainable,
            "dtype": dtype_policies.serialize(self.dtype_policy),
            "layers": copy.deepcopy([saving.serialize_keras_object(layer) for layer in self._layers]),
        }
        if self._network is not None:
            config["build_input_shape"] = self._layers[0].batch_shape
        return config

    @classmethod
    def from_config(cls, config: Any, custom_objects: Any = None) -> Any:
        """Makes a model from what ``get_config`` returned, also that of Keras 1 and 2."""
        from rkeras import saving
        from rkeras.saving.legacy_config import present_model_config

        config = present_model_config(config)
        if "layers" not in config:
            return super().from_config(config)
        model = cls(name=config.get("name"))
        for layer in config["layers"]:
            model.add(saving.deserialize_keras_object(layer, custom_objects=custom_objects), rebuild=False)
        if model._layers:
            model._maybe_rebuild()
        shape = config.get("build_input_shape")
        if model._network is None and shape and model._layers:
            model.build(tuple(shape))
        if config.get("trainable") is False:
            model.trainable = False
        return model


Sequential.call._runs_network = True  # type: ignore[attr-defined]


def _input_dtype(layer: Layer) -> str:
    if isinstance(layer, Model) and layer._network is not None:
        return layer.inputs[0].dtype
    # Numbers of words above 256 are not bfloat16s: layers that compute in 16 bits cast for themselves.
    return "float32" if layer.compute_dtype in ("float16", "bfloat16") else layer.compute_dtype


def _has_mask_argument(layer: Layer) -> bool:
    from rkeras.layers._signature import call_signature

    return call_signature(layer).has_mask


def _compatible(expected: tuple[int | None, ...], shape: tuple[int | None, ...]) -> bool:
    return len(expected) == len(shape) and all(
        m is None or n is None or m == n for m, n in zip(expected[1:], shape[1:], strict=True)
    )
