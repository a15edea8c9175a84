"""Copies of models with weights of their own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rkeras import tree
from rkeras.keras_tensor import KerasTensor
from rkeras.layers.core.input_layer import Input, InputLayer
from rkeras.models.functional import Functional
from rkeras.models.model import Model
from rkeras.models.sequential import Sequential


def clone_model(
    model: Any,
    input_tensors: Any = None,
    clone_function: Callable[[Any], Any] | None = None,
    call_function: Callable[..., Any] | None = None,
    recursive: bool = False,
    **kwargs: Any,
) -> Any:
    """Makes a model with the same layers and fresh weights.

    Args:
        model: the model to copy.
        input_tensors: symbolic tensors to build a functional or sequential copy on, instead of new inputs.
        clone_function: gets each layer and returns the one to take in its place (itself, to share it).
        call_function: gets each new layer and its arguments and returns its output; for functional models.
        recursive: whether ``clone_function`` also sees the layers of models inside.

    Returns:
        The copy.

    Example:
        >>> from rkeras import Input, layers
        >>> model = Sequential([Input((3,)), layers.Dense(2)])
        >>> copy = clone_model(model)
        >>> [w.shape for w in copy.weights], copy.weights[0] is model.weights[0]
        ([(3, 2), (2,)], False)
    """
    if kwargs:
        raise ValueError(f"clone_model does not know the argument(s) {sorted(kwargs)}")
    if not isinstance(model, Model):
        raise ValueError(f"clone_model takes a model, got {model!r} (of type {type(model).__name__})")
    cloner = _Cloner(clone_function, call_function, recursive)
    if isinstance(model, Sequential):
        return cloner.sequential(model, input_tensors)
    if model._network is not None:
        return cloner.functional(model, input_tensors)
    if clone_function is not None or input_tensors is not None or call_function is not None:
        raise ValueError(
            f"model {model.name!r} is wired by its own call, so clone_model cannot replace layers or inputs "
            "in it; "
            "only clone_model(model) works"
        )
    return type(model).from_config(model.get_config())


def _default_clone(layer: Any) -> Any:
    return type(layer).from_config(layer.get_config())


class _Cloner:
    def __init__(
        self, clone: Callable[[Any], Any] | None, call: Callable[..., Any] | None, recursive: bool
    ) -> None:
        self._clone = clone or _default_clone
        self._call = call
        self._recursive = recursive

    def layer(self, layer: Any) -> Any:
        """The copy of one layer."""
        if self._recursive and isinstance(layer, Model) and layer._network is not None:
            if isinstance(layer, Sequential):
                return self.sequential(layer, None)
            return self.functional(layer, None)
        return self._clone(layer)

    def sequential(self, model: Any, input_tensors: Any) -> Any:
        """The copy of a stack."""
        if self._call is not None:
            raise ValueError("call_function is for functional models, this one is a Sequential")
        layers = [self.layer(layer) for layer in model.layers]
        first = model._layers[0] if model._layers else None
        if input_tensors is not None:
            tensors = tree.flatten(input_tensors)
            if len(tensors) != 1 or not isinstance(tensors[0], KerasTensor):
                raise ValueError(f"a Sequential has one input, got input_tensors={input_tensors!r}")
            layers.insert(0, tensors[0])
        elif isinstance(first, InputLayer):
            layers.insert(0, InputLayer(batch_shape=first.batch_shape, dtype=first.dtype, name=first.name))
        return Sequential(layers, name=model.name, trainable=model.trainable)

    def functional(self, model: Any, input_tensors: Any) -> Any:
        """The copy of a graph."""
        network = model._network
        if input_tensors is None:
            inputs = tree.map_structure(
                lambda x: Input(batch_shape=x.shape, dtype=x.dtype, name=x._keras_history.operation.name),
                network.inputs_struct,
            )
        else:
            tensors = tree.flatten(input_tensors)
            if len(tensors) != len(network.inputs) or not all(isinstance(x, KerasTensor) for x in tensors):
                raise ValueError(
                    f"input_tensors must be {len(network.inputs)} symbolic tensors, got {input_tensors!r}"
                )
            inputs = tree.pack_sequence_as(network.inputs_struct, tensors)
        copies: dict[int, Any] = {}

        def call(operation: Any, args: Any, kwargs: Any) -> Any:
            if id(operation) not in copies:
                copies[id(operation)] = self.layer(operation)
            copy = copies[id(operation)]
            return copy(*args, **kwargs) if self._call is None else self._call(copy, *args, **kwargs)

        results = network.graph.run(tree.flatten(inputs), call)
        outputs = tree.pack_sequence_as(network.outputs_struct, results[: len(network.outputs)])
        cls = type(model) if type(model) is not Model else Functional
        return cls(inputs, outputs, name=model.name)
