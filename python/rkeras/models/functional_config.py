"""The layers and wiring of functional models as plain data, in the layout of Keras 3 (and read from Keras "
"2)."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable
from typing import Any

from rkeras import saving, tree
from rkeras.graph import Node
from rkeras.keras_tensor import KerasTensor
from rkeras.models.functional import Functional
from rkeras.models.model import Model
from rkeras.models.op_config import (
    is_op_record,
    op_from_record,
    op_record,
    restored_arguments,
    split_arguments,
)
from rkeras.operation import OpCall, Operation

_TENSOR = "__keras_tensor__"


def has_functional_constructor(cls: type) -> bool:
    """Whether a class can be made from inputs and outputs, so that its wiring can be saved."""
    spec = inspect.getfullargspec(cls.__init__)  # type: ignore[misc]
    return (
        cls in (Functional, Model)
        or (spec.args[1:3] == ["inputs", "outputs"] and set(spec.args[3:]) <= {"name", "trainable"})
        or (spec.varargs is not None and spec.varkw is not None)
    )


def functional_config(model: Any) -> dict[str, Any]:
    """The config of a functional model."""
    network = model._network
    nodes = network.graph.nodes
    layers = []
    for operation in network.graph.operations:
        calls = [node for node in operation._inbound_nodes if node in nodes and node.input_tensors]
        if isinstance(operation, OpCall):
            config = op_record(operation, calls[0])
        else:
            config = dict(saving.serialize_keras_object(operation))
        config["name"] = operation.name
        config["inbound_nodes"] = [_node_config(node, nodes) for node in calls]
        layers.append(config)

    def place(x: KerasTensor) -> list[Any]:
        operation, node_index, tensor_index = x._keras_history
        # Keras counts from one for models inside a model.
        first = 1 if isinstance(operation, Functional) else 0
        return [operation.name, first + _index_within(operation, node_index, nodes), tensor_index]

    return copy.deepcopy(
        {
            "name": model.name,
            "trainable": model.trainable,
            "layers": layers,
            "input_layers": tree.map_structure(place, network.inputs_struct),
            "output_layers": tree.map_structure(place, network.outputs_struct),
        }
    )


def _index_within(operation: Any, node_index: int, nodes: set[Node]) -> int:
    """The number of a call among those that belong to the model."""
    return sum(node in nodes for node in operation._inbound_nodes[:node_index])


def _node_config(node: Node, nodes: set[Node]) -> dict[str, Any]:
    def replace(x: Any) -> Any:
        if not isinstance(x, KerasTensor):
            return saving.serialize_keras_object(x)
        operation, node_index, tensor_index = x._keras_history
        history = [operation.name, _index_within(operation, node_index, nodes), tensor_index]
        return {
            "class_name": _TENSOR,
            "config": {"shape": list(x.shape), "dtype": x.dtype, "keras_history": history},
        }

    args, kwargs = node.arguments.args, node.arguments.kwargs
    if isinstance(node.operation, OpCall):
        (args, _), kwargs = split_arguments(node.operation, node), {}
    return {"args": list(tree.map_structure(replace, args)), "kwargs": tree.map_structure(replace, kwargs)}


class _MissingNode(Exception):
    """A call needs the result of one that was not made yet."""


class _Builder:
    def __init__(self, layer_configs: list[dict[str, Any]], custom_objects: Any) -> None:
        self.layers: dict[str, Any] = {}
        self._custom_objects = custom_objects
        self._waiting: list[tuple[Any, list[Any]]] = []
        for config in layer_configs:
            record = {k: v for k, v in config.items() if k != "inbound_nodes"}
            if is_op_record(record):
                layer: Any = op_from_record(record, custom_objects)
            else:
                layer = saving.deserialize_keras_object(record, custom_objects=custom_objects)
            if not isinstance(layer, Operation):
                raise ValueError(
                    f"layer {config.get('name')!r} of the config is a {type(layer).__name__}, not a layer"
                )
            self.layers[config["name"]] = layer
            if config.get("inbound_nodes"):
                self._waiting.append((layer, list(config["inbound_nodes"])))

    def wire(self) -> None:
        """Makes the calls, each as soon as what it needs is there."""
        while self._waiting:
            progress = False
            still = []
            for layer, calls in self._waiting:
                while calls:
                    try:
                        args, kwargs = self._arguments(calls[0])
                    except _MissingNode:
                        break
                    if isinstance(layer, OpCall):
                        args = restored_arguments(layer, args)
                    layer(*args, **kwargs)
                    calls.pop(0)
                    progress = True
                if calls:
                    still.append((layer, calls))
            self._waiting = still
            if not progress:
                names = [layer.name for layer, _ in still]
                raise ValueError(f"the model config has a loop or lacks layers that {names} need")

    def _arguments(self, call: Any) -> tuple[list[Any], dict[str, Any]]:
        if isinstance(call, list):
            return self._old_arguments(call)

        def restore(x: Any) -> Any:
            if isinstance(x, dict) and x.get("class_name") == _TENSOR:
                return self.tensor(*x["config"]["keras_history"])
            if isinstance(x, dict) and "class_name" in x and "config" in x:
                return saving.deserialize_keras_object(x, custom_objects=self._custom_objects)
            if isinstance(x, (list, tuple)):
                return [restore(item) for item in x]
            if isinstance(x, dict):
                return {key: restore(value) for key, value in x.items()}
            return x

        return restore(call["args"]), restore(call["kwargs"])

    def _old_arguments(self, call: list[Any]) -> tuple[list[Any], dict[str, Any]]:
        """A call in the layout of Keras 2: ``[[layer, node, tensor, kwargs], …]``."""
        if call and isinstance(call[0], str):
            call = [call]
        tensors = [self.tensor(*item[:3]) for item in call]
        kwargs: dict[str, Any] = {}
        for item in call:
            if len(item) > 3:
                kwargs.update(item[3])
        return [tensors[0] if len(tensors) == 1 else tensors], kwargs

    def tensor(self, name: str, node_index: int, tensor_index: int) -> KerasTensor:
        """The result of a call."""
        if name not in self.layers:
            raise ValueError(f"the model config mentions a layer {name!r} that it does not have")
        nodes = self.layers[name]._inbound_nodes
        if node_index >= len(nodes):
            raise _MissingNode
        tensor: KerasTensor = nodes[node_index].output_tensors[tensor_index]
        return tensor

    def places(self, structure: Any) -> Any:
        """The tensors at ``[layer, node, tensor]`` places in any structure."""
        if isinstance(structure, dict):
            return {key: self.places(value) for key, value in structure.items()}
        if isinstance(structure, (list, tuple)) and len(structure) == 3 and isinstance(structure[0], str):
            name, node_index, tensor_index = structure
            first = 1 if isinstance(self.layers.get(name), Functional) else 0
            return self.tensor(name, max(node_index - first, 0), tensor_index)
        make: Callable[..., Any] = tuple if isinstance(structure, tuple) else list
        return make(self.places(value) for value in structure)


def functional_from_config(cls: type, config: dict[str, Any], custom_objects: Any = None) -> Any:
    """Makes a model of class ``cls`` from ``functional_config``."""
    rest = {k: v for k, v in config.items() if k not in ("layers", "input_layers", "output_layers")}
    name, trainable = rest.pop("name", None), rest.pop("trainable", None)
    builder = _Builder(config["layers"], custom_objects)
    builder.wire()
    inputs = builder.places(config["input_layers"])
    outputs = builder.places(config["output_layers"])
    # A single tensor is saved as itself by Keras 3 and as a list of one by Keras 2; both mean the same here.
    return cls(inputs=inputs, outputs=outputs, name=name, trainable=trainable, **rest)
