"""The layers and wiring of functional models as plain data, in the layout of Keras 3."""

from __future__ import annotations

import copy
import inspect
import reprlib
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
from rkeras.saving.legacy_config import present_model_config
from rkeras.symbolic import any_symbolic

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

    def __init__(self, layer: str, index: int) -> None:
        super().__init__()
        self.place = (layer, index)


class _Builder:
    """Makes the layers of a config, then the calls, each as soon as what it needs is there."""

    def __init__(self, layer_configs: Any, custom_objects: Any) -> None:
        self.layers: dict[str, Any] = {}
        self._custom_objects = custom_objects
        self._calls: dict[str, list[Any]] = {}
        # A layer may be in several models; places count its calls in this one.
        self._nodes: dict[str, list[Node]] = {}
        for config in _expect(layer_configs, list, "`layers`"):
            record = dict(_expect(config, dict, "a layer's record"))
            name = _expect(record.get("name"), str, "the `name` in a layer's record")
            if name in self.layers:
                raise ValueError(f"the model config has two layers called {name!r}")
            calls = _expect(record.pop("inbound_nodes", None) or [], list, f"`inbound_nodes` of layer {name!r}")
            if is_op_record(record):
                layer: Any = op_from_record(record, custom_objects)
            else:
                layer = saving.deserialize_keras_object(record, custom_objects=custom_objects)
            if not isinstance(layer, Operation):
                raise ValueError(f"layer {name!r} of the config is a {type(layer).__name__}, not a layer")
            self.layers[name] = layer
            self._calls[name] = calls[::-1]
            self._nodes[name] = [node for node in layer._inbound_nodes if node.is_input]

    def wire(self) -> None:
        """Makes all calls.

        Raises:
            ValueError: if some wait for each other, or for what is not there.
        """
        ready = [name for name in reversed(self.layers) if self._calls[name]]
        waiting: dict[tuple[str, int], list[str]] = {}
        while ready:
            name = ready.pop()
            layer, calls = self.layers[name], self._calls[name]
            while calls:
                try:
                    args, kwargs = self._arguments(calls[-1])
                except _MissingNode as missing:
                    waiting.setdefault(missing.place, []).append(name)
                    break
                if isinstance(layer, OpCall):
                    args = restored_arguments(layer, args)
                    if not any_symbolic((args, kwargs)):
                        raise ValueError(f"the model config calls the op {name!r} on no tensor of the model")
                layer(*args, **kwargs)
                calls.pop()
                self._nodes[name].append(layer._inbound_nodes[-1])
                ready.extend(waiting.pop((name, len(self._nodes[name]) - 1), ()))
        if waiting:
            names = sorted({name for names in waiting.values() for name in names})
            raise ValueError(f"the model config has a loop or lacks layers that {names[:10]} need")

    def _arguments(self, call: Any) -> tuple[list[Any], dict[str, Any]]:
        def restore(x: Any) -> Any:
            if isinstance(x, dict) and x.get("class_name") == _TENSOR:
                return self.tensor(*_place(_expect(x.get("config"), dict, _TENSOR).get("keras_history")))
            if isinstance(x, dict) and "class_name" in x and "config" in x:
                return saving.deserialize_keras_object(x, custom_objects=self._custom_objects)
            if isinstance(x, (list, tuple)):
                return [restore(item) for item in x]
            if isinstance(x, dict):
                return {key: restore(value) for key, value in x.items()}
            return x

        record = _expect(call, dict, "an inbound node")
        args = restore(_expect(record.get("args"), list, "`args` of an inbound node"))
        return args, restore(_expect(record.get("kwargs"), dict, "`kwargs` of an inbound node"))

    def tensor(self, name: str, node_index: int, tensor_index: int) -> KerasTensor:
        """The result of a call."""
        if name not in self.layers:
            raise ValueError(f"the model config mentions a layer {name!r} that it does not have")
        nodes = self._nodes[name]
        if node_index >= len(nodes):
            raise _MissingNode(name, node_index)
        tensors = nodes[node_index].output_tensors
        if tensor_index >= len(tensors):
            raise ValueError(
                f"the model config mentions result {tensor_index} of layer {name!r}, which has {len(tensors)}"
            )
        tensor: KerasTensor = tensors[tensor_index]
        return tensor

    def places(self, structure: Any) -> Any:
        """The tensors at ``[layer, node, tensor]`` places in any structure."""
        if isinstance(structure, dict):
            return {key: self.places(value) for key, value in structure.items()}
        if isinstance(structure, (list, tuple)) and len(structure) == 3 and isinstance(structure[0], str):
            name, node_index, tensor_index = _place(structure)
            first = 1 if isinstance(self.layers.get(name), Functional) else 0
            try:
                return self.tensor(name, max(node_index - first, 0), tensor_index)
            except _MissingNode:
                raise ValueError(
                    f"the model config mentions call {node_index} of layer {name!r}, which it does not make"
                ) from None
        if not isinstance(structure, (list, tuple)):
            raise ValueError(f"the model config has {structure!r} in place of [layer, node, tensor]")
        make: Callable[..., Any] = tuple if isinstance(structure, tuple) else list
        return make(self.places(value) for value in structure)


def _expect(value: Any, kind: type, what: str) -> Any:
    if not isinstance(value, kind):
        raise ValueError(f"the model config must have a {kind.__name__} as {what}, got {reprlib.repr(value)}")
    return value


def _place(value: Any) -> tuple[str, int, int]:
    """A ``[layer, node, tensor]`` place."""
    fits = isinstance(value, (list, tuple)) and len(value) == 3 and isinstance(value[0], str)
    if not fits or any(type(i) is not int or i < 0 for i in value[1:]):
        raise ValueError(f"the model config has {reprlib.repr(value)} in place of [layer, node, tensor]")
    return value[0], value[1], value[2]


def functional_from_config(cls: type, config: dict[str, Any], custom_objects: Any = None) -> Any:
    """Makes a model of class ``cls`` from ``functional_config``, or from what Keras 1 or 2 had as config."""
    config = present_model_config(config)
    rest = {k: v for k, v in config.items() if k not in ("layers", "input_layers", "output_layers")}
    name, trainable = rest.pop("name", None), rest.pop("trainable", None)
    builder = _Builder(config["layers"], custom_objects)
    builder.wire()
    inputs = builder.places(config["input_layers"])
    outputs = builder.places(config["output_layers"])
    # A single tensor is saved as itself by Keras 3 and as a list of one by Keras 2; both mean the same here.
    return cls(inputs=inputs, outputs=outputs, name=name, trainable=trainable, **rest)
