"""What a picture of a model shows: boxes for its layers, edges for its tensors, clusters for models inside."""

from __future__ import annotations

import dataclasses
from itertools import pairwise
from typing import Any

from rkeras import tree
from rkeras.models.model import Model
from rkeras.models.sequential import Sequential
from rkeras.visualization.labels import Options, Row, headline, kind_of, rows_of


@dataclasses.dataclass(frozen=True)
class Box:
    """A layer or an op.

    ``cluster`` is the index of the cluster it is in, None outside of any.
    """

    name: str
    kind: str
    title: str
    rows: list[Row]
    cluster: int | None


@dataclasses.dataclass(frozen=True)
class Cluster:
    """A model whose layers are shown; ``parent`` is the index of the cluster it is in."""

    name: str
    title: str
    parent: int | None


@dataclasses.dataclass
class Diagram:
    """Boxes, clusters, and edges as pairs of indices of boxes, each pair once."""

    name: str
    boxes: list[Box]
    clusters: list[Cluster]
    edges: list[tuple[int, int]]


@dataclasses.dataclass(frozen=True)
class _Ends:
    """The boxes that take the inputs of a layer and those that make its outputs."""

    inputs: list[int]
    outputs: list[int]

    def taking(self, index: int) -> int:
        return self.inputs[min(index, len(self.inputs) - 1)]

    def making(self, index: int) -> int:
        return self.outputs[min(index, len(self.outputs) - 1)]


def diagram_of(model: Any, options: Options) -> Diagram:
    """The diagram of a model.

    A layer that is called several times is one box, as in Keras. A model whose ``call`` is Python code is one
    box too: what it does is only known by running it.

    Raises:
        ValueError: if the model is not built.

    Example:
        >>> from rkeras import Input, Sequential, layers
        >>> model = Sequential([Input((2,)), layers.Dense(3), layers.Dense(1)])
        >>> diagram_of(model, Options()).edges
        [(0, 1)]
    """
    if not getattr(model, "built", False):
        raise ValueError(
            f"model {getattr(model, 'name', model)!r} is not built yet, so it cannot be shown: "
            "call build(input_shape), call the model on a batch of data, or put an Input first"
        )
    builder = _Builder(model.name, options)
    if _can_open(model):
        builder.open(model, None)
    else:
        builder.add_box(model, None, None)
    return builder.diagram


def _can_open(layer: Any) -> bool:
    if isinstance(layer, Sequential):
        return bool(layer.layers)
    return isinstance(layer, Model) and layer._network is not None


class _Builder:
    def __init__(self, name: str, options: Options) -> None:
        self.options = options
        self.diagram = Diagram(name, [], [], [])
        # A dict keeps the order and drops what is there already.
        self._edges: dict[tuple[int, int], None] = {}

    def add_box(self, layer: Any, network: Any, cluster: int | None) -> _Ends:
        boxes = self.diagram.boxes
        rows = rows_of(layer, network, self.options)
        boxes.append(Box(layer.name, kind_of(layer), headline(layer, self.options), rows, cluster))
        return _Ends([len(boxes) - 1], [len(boxes) - 1])

    def open(self, model: Any, cluster: int | None) -> _Ends:
        """Adds the layers of a model and what is between them."""
        sequential = isinstance(model, Sequential)
        network = model._network
        operations = model.layers if sequential else network.graph.operations
        ends: dict[int, _Ends] = {}
        for operation in operations:
            if id(operation) not in ends:
                ends[id(operation)] = self._add(operation, network, cluster)
        stack = [ends[id(layer)] for layer in operations]
        result = self._chain(stack) if sequential else self._wire(network, ends)
        self.diagram.edges = list(self._edges)
        return result

    def _add(self, operation: Any, network: Any, cluster: int | None) -> _Ends:
        if not (self.options.expand_nested and _can_open(operation)):
            return self.add_box(operation, network, cluster)
        clusters = self.diagram.clusters
        clusters.append(Cluster(operation.name, headline(operation, self.options, named=True), cluster))
        return self.open(operation, len(clusters) - 1)

    def _chain(self, stack: list[_Ends]) -> _Ends:
        for above, below in pairwise(stack):
            for i in range(len(above.outputs)):
                self._connect(above.making(i), below.taking(i))
        return _Ends(stack[0].inputs, stack[-1].outputs)

    def _wire(self, network: Any, ends: dict[int, _Ends]) -> _Ends:
        def maker(tensor: Any) -> int:
            history = tensor._keras_history
            return ends[id(history.operation)].making(history.tensor_index)

        for operation in network.graph.operations:
            for node in operation._inbound_nodes:
                if node in network.graph.nodes and not node.is_input:
                    for i, tensor in enumerate(_in_order_of_inputs(operation, node)):
                        self._connect(maker(tensor), ends[id(operation)].taking(i))
        return _Ends([maker(x) for x in network.inputs], [maker(x) for x in network.outputs])

    def _connect(self, source: int, target: int) -> None:
        self._edges[source, target] = None


def _in_order_of_inputs(operation: Any, node: Any) -> list[Any]:
    """The tensors of a call; of a call of a model, in the order of the model's inputs, whatever the structure."""
    network = getattr(operation, "_network", None)
    args = node.arguments.args
    if network is None or not args:
        return list(node.input_tensors)
    first = tree.flatten(network._match_structure(args[0]))
    others = [x for x in node.input_tensors if not any(x is y for y in first)]
    return [x for x in first if x is not None] + others
