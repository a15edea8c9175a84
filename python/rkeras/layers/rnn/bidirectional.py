"""A recurrent layer in both directions."""

from __future__ import annotations

from typing import Any

from rkeras import ops, tree
from rkeras.layers._signature import call_signature
from rkeras.layers.layer import Layer
from rkeras.layers.rnn.rnn import is_array

_MERGES = ("concat", "sum", "mul", "ave", None)


class Bidirectional(Layer):
    """Runs a recurrent layer from the first step to the last and another from the last to the first.

    Args:
        layer: the layer; it is copied.
        merge_mode: how the outputs are combined: ``"concat"``, ``"sum"``, ``"mul"``, ``"ave"``, or None for a
            list of both.
        weights: arrays to begin with, those of the forward layer first.
        backward_layer: the layer of the other direction; a copy with the other ``go_backwards`` by default.
        kwargs: those of ``Layer``.

    Call arguments:
        sequences: of shape ``(batch, time, features)``; or a list of them and the initial states.
        initial_state: the states of the forward layer and those of the backward layer.
        mask: bools of shape ``(batch, time)``: the steps that count.
        training: passed to the layers.

    Example:
        >>> import numpy as np
        >>> from rkeras.layers import GRU
        >>> Bidirectional(GRU(4, return_sequences=True))(np.ones((2, 5, 3))).shape
        (2, 5, 8)
    """

    def __init__(
        self,
        layer: Any,
        merge_mode: str | None = "concat",
        weights: Any = None,
        backward_layer: Any = None,
        **kwargs: Any,
    ) -> None:
        for name, value in (("layer", layer), ("backward_layer", backward_layer or layer)):
            if not isinstance(value, Layer) or not hasattr(value, "go_backwards"):
                raise ValueError(
                    f"Bidirectional goes around a recurrent layer (one with go_backwards and "
                    f"return_sequences, such as LSTM), got {name}={value!r}"
                )
        if merge_mode not in _MERGES:
            raise ValueError(f"merge_mode must be one of {_MERGES}, got merge_mode={merge_mode!r}")
        super().__init__(**kwargs)
        self.forward_layer = _copy(layer, "forward_")
        if backward_layer is None:
            backward_layer = _copy(layer, "backward_", go_backwards=not layer.go_backwards)
        self.backward_layer = backward_layer
        self._check_layers()
        for one in (self.forward_layer, self.backward_layer):
            if hasattr(one, "zero_output_for_mask"):
                one.zero_output_for_mask = one.return_sequences
        self.merge_mode = merge_mode
        if weights:
            half = len(weights) // 2
            self.forward_layer._initial_weights = list(weights[:half])
            self.backward_layer._initial_weights = list(weights[half:])
        self.stateful = layer.stateful
        self.return_sequences = layer.return_sequences
        self.return_state = layer.return_state
        self.supports_masking = True
        self.input_spec = layer.input_spec
        if self._input_shape_arg is None:
            self._input_shape_arg = layer._input_shape_arg
            self._batch_size_arg = layer._batch_size_arg

    def _check_layers(self) -> None:
        forward, backward = self.forward_layer, self.backward_layer
        if forward.go_backwards == backward.go_backwards:
            raise ValueError(
                f"layer and backward_layer must go in different directions, but both have "
                f"go_backwards={forward.go_backwards}"
            )
        for name in ("stateful", "return_sequences", "return_state"):
            a, b = getattr(forward, name), getattr(backward, name)
            if a != b:
                raise ValueError(f"layer has {name}={a}, but backward_layer has {name}={b}; make them the same")

    @property
    def layer(self) -> Any:
        """The forward layer."""
        return self.forward_layer

    @property
    def states(self) -> Any:
        """The states that stateful layers keep, those of the forward layer first; None if there are none."""
        if self.forward_layer.states is None or self.backward_layer.states is None:
            return None
        return (*self.forward_layer.states, *self.backward_layer.states)

    def __call__(self, sequences: Any, initial_state: Any = None, *args: Any, **kwargs: Any) -> Any:
        """Computes, with states given by themselves or in a list after the sequences."""
        if isinstance(sequences, (list, tuple)) and sequences and all(map(is_array, sequences)):
            sequences, *states = sequences
            initial_state = states or initial_state
        if initial_state is not None:
            kwargs["initial_state"] = initial_state
        kwargs.update(zip(("mask", "training"), args, strict=False))
        return super().__call__(sequences, **kwargs)

    def build(self, sequences_shape: Any, initial_state_shape: Any = None) -> None:
        """Builds both layers."""
        for layer in (self.forward_layer, self.backward_layer):
            if not layer.built:
                layer.build(sequences_shape)
                layer.built = True

    def call(
        self, sequences: Any, initial_state: Any = None, mask: Any = None, training: bool | None = None
    ) -> Any:
        """The combined outputs, followed by the states of both if they are to be returned."""
        halves: tuple[Any, Any] = (None, None)
        if initial_state is not None:
            states = list(initial_state) if tree.is_nested(initial_state) else [initial_state]
            half, rest = divmod(len(states), 2)
            if rest:
                raise ValueError(
                    f"Bidirectional takes the states of both layers as initial_state, got {len(states)}"
                )
            halves = (states[:half], states[half:])
        results = []
        for layer, half_states in zip((self.forward_layer, self.backward_layer), halves, strict=True):
            info = call_signature(layer)
            options: dict[str, Any] = {}
            if info.has_training:
                options["training"] = training
            if info.has_mask:
                options["mask"] = mask
            if half_states is not None:
                options["initial_state"] = half_states
            results.append(layer(sequences, **options))
        y, y_back = (ops.cast(r[0] if self.return_state else r, self.compute_dtype) for r in results)
        if self.return_sequences:
            y, y_back = (
                ops.flip(out, axis=1) if layer.go_backwards else out
                for layer, out in ((self.forward_layer, y), (self.backward_layer, y_back))
            )
        merged = self._merge(y, y_back)
        if not self.return_state:
            return merged
        last = (*results[0][1:], *results[1][1:])
        return (*merged, *last) if self.merge_mode is None else (merged, *last)

    def _merge(self, y: Any, y_back: Any) -> Any:
        if self.merge_mode == "concat":
            return ops.concatenate([y, y_back], axis=-1)
        if self.merge_mode == "sum":
            return ops.add(y, y_back)
        if self.merge_mode == "ave":
            return ops.divide(ops.add(y, y_back), 2)
        if self.merge_mode == "mul":
            return ops.multiply(y, y_back)
        return (y, y_back)

    def compute_output_shape(self, sequences_shape: Any, initial_state_shape: Any = None) -> Any:
        """The shape of the combined outputs, followed by those of the states if they are returned."""
        both = [
            layer.compute_output_shape(sequences_shape) for layer in (self.forward_layer, self.backward_layer)
        ]
        shapes = [shape[0] if self.return_state else shape for shape in both]
        if self.merge_mode == "concat":
            shapes = [(*shapes[0][:-1], shapes[0][-1] + shapes[1][-1])]
        elif self.merge_mode is not None:
            shapes = shapes[:1]
        if self.return_state:
            return (*shapes, *both[0][1:], *both[1][1:])
        return tuple(shapes) if self.merge_mode is None else shapes[0]

    def compute_mask(self, sequences: Any, mask: Any) -> Any:
        """The mask of the steps if they are returned; None for states."""
        mask = tree.flatten(mask)[0] if tree.is_nested(mask) else mask
        mask = mask if self.return_sequences else None
        masks = (mask, mask) if self.merge_mode is None else (mask,)
        if self.return_state:
            sizes = (self.forward_layer.state_size, self.backward_layer.state_size)
            return (*masks, *(None for _ in tree.flatten(sizes)))
        return masks if self.merge_mode is None else mask

    def reset_state(self) -> None:
        """Sets the states that stateful layers keep to zeros."""
        if not self.stateful:
            raise AttributeError(f"layer {self.name!r} keeps no states; its layers must be stateful=True")
        self.forward_layer.reset_state()
        self.backward_layer.reset_state()

    def reset_states(self) -> None:
        """Another name of ``reset_state``."""
        self.reset_state()

    def get_config(self) -> dict[str, Any]:
        """The arguments to make the layer again."""
        from rkeras import saving

        return {
            **super().get_config(),
            "merge_mode": self.merge_mode,
            "layer": saving.serialize_keras_object(self.forward_layer),
            "backward_layer": saving.serialize_keras_object(self.backward_layer),
        }

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: dict[str, Any] | None = None) -> Any:
        """Makes the layer from ``get_config``."""
        from rkeras import saving

        config = dict(config)
        for name in ("layer", "backward_layer"):
            if config.get(name) is not None:
                config[name] = saving.deserialize_keras_object(config[name], custom_objects=custom_objects)
        # Older files keep the number of constants, of which there were none in use.
        config.pop("num_constants", None)
        return super().from_config(config)


def _copy(layer: Any, prefix: str, **changes: Any) -> Any:
    """A new layer of the same configuration with a prefix to its name."""
    config = layer.get_config()
    name = prefix + layer.name.removeprefix(prefix)
    return type(layer).from_config({**config, **changes, "name": name})
