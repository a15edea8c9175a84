"""Graphs of operations: nodes, what connects them, and running them on tensors."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from rkeras import tree
from rkeras.keras_tensor import KerasTensor


class KerasHistory(NamedTuple):
    """Which call made a symbolic tensor."""

    operation: Any
    node_index: int
    tensor_index: int


class Arguments:
    """The arguments of a symbolic call."""

    def __init__(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        # Copies of the containers: the caller may go on changing its lists.
        self.args = tree.map_structure(lambda x: x, args)
        self.kwargs = tree.map_structure(lambda x: x, kwargs)
        self.keras_tensors = [x for x in tree.flatten((self.args, self.kwargs)) if isinstance(x, KerasTensor)]
        self._single = not kwargs and len(args) == 1 and isinstance(args[0], KerasTensor)

    def fill_in(self, values: dict[int, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """The arguments with values in place of symbolic tensors, found by their ids."""
        if self._single:
            return (values[id(self.keras_tensors[0])],), {}

        def replace(x: Any) -> Any:
            return values.get(id(x), x) if isinstance(x, KerasTensor) else x

        args, kwargs = tree.map_structure(replace, (self.args, self.kwargs))
        return args, kwargs


class Node:
    """One call of an operation on symbolic tensors; made by the call itself."""

    def __init__(
        self,
        operation: Any,
        call_args: tuple[Any, ...] = (),
        call_kwargs: dict[str, Any] | None = None,
        outputs: Any = (),
    ) -> None:
        self.operation = operation
        self.arguments = Arguments(tuple(call_args), call_kwargs or {})
        self.outputs: list[KerasTensor] = [x for x in tree.flatten(outputs) if isinstance(x, KerasTensor)]
        self.is_input = not self.arguments.keras_tensors
        operation._inbound_nodes.append(self)
        for tensor in self.arguments.keras_tensors:
            history = getattr(tensor, "_keras_history", None)
            if history is not None:
                history.operation._outbound_nodes.append(self)
        node_index = len(operation._inbound_nodes) - 1
        for i, tensor in enumerate(self.outputs):
            tensor._keras_history = KerasHistory(operation, node_index, i)

    @property
    def input_tensors(self) -> list[KerasTensor]:
        """The symbolic tensors among the arguments."""
        return self.arguments.keras_tensors

    @property
    def output_tensors(self) -> list[KerasTensor]:
        """The symbolic tensors that came out."""
        return self.outputs

    @property
    def parent_nodes(self) -> list[Node]:
        """The calls that made the arguments."""
        return [node for node in map(node_of, self.input_tensors) if node is not None]

    def __repr__(self) -> str:
        return f"<Node operation={self.operation.name}>"


def node_of(tensor: KerasTensor) -> Node | None:
    """The call that made a symbolic tensor; None if it was made by hand."""
    history = getattr(tensor, "_keras_history", None)
    if history is None:
        return None
    node: Node = history.operation._inbound_nodes[history.node_index]
    return node


class LayerGraph:
    """The calls between some symbolic tensors and others, in an order in which they can run.

    Args:
        inputs: symbolic tensors where it begins.
        outputs: symbolic tensors to compute.

    Raises:
        ValueError: if an output needs a tensor that no input leads to, or two layers have one name.
    """

    def __init__(self, inputs: Sequence[KerasTensor], outputs: Sequence[KerasTensor]) -> None:
        self.inputs = list(inputs)
        self.outputs = list(outputs)
        ordered, first_seen = topological_order(inputs, outputs)
        node_depth, operation_depth = _depths(ordered)
        for tensor in inputs:
            node = node_of(tensor)
            if node is not None and node.is_input and node.operation not in operation_depth:
                # An input that no output needs still belongs to the model.
                operation_depth[node.operation] = 0
                first_seen[node.operation] = -1
                node_depth[node] = 0
        self.nodes = set(node_depth)
        self.nodes_by_depth: dict[int, list[Node]] = defaultdict(list)
        for node, depth in node_depth.items():
            self.nodes_by_depth[depth].append(node)
        by_depth: dict[int, list[Any]] = defaultdict(list)
        for operation, depth in operation_depth.items():
            by_depth[depth].append(operation)
        self.operations: list[Any] = []
        for depth in sorted(by_depth, reverse=True):
            self.operations.extend(sorted(by_depth[depth], key=first_seen.__getitem__))
        self._check_connected()
        self._check_names()
        self._program = [node for node in ordered if not node.is_input]

    def _check_connected(self) -> None:
        available = {id(x) for x in self.inputs}
        done: list[str] = []
        for depth in sorted(self.nodes_by_depth, reverse=True):
            for node in self.nodes_by_depth[depth]:
                for tensor in node.input_tensors:
                    if id(tensor) not in available:
                        raise ValueError(
                            f"the graph is disconnected: {node.operation.name!r} needs {tensor}, which none "
                            "of the "
                            f"inputs {[x.name for x in self.inputs]} leads to. Pass the input it comes from "
                            "as an "
                            f"input of the model. What could be computed: {done}"
                        )
                if not node.is_input:
                    done.append(node.operation.name)
                available.update(id(x) for x in node.outputs if not node.is_input or id(x) in available)
        for tensor in self.outputs:
            if id(tensor) not in available:
                raise ValueError(
                    f"the output {tensor} is not connected to the inputs {[x.name for x in self.inputs]}"
                )

    def _check_names(self) -> None:
        seen: set[str] = set()
        for operation in self.operations:
            if operation.name in seen:
                raise ValueError(
                    f"the name {operation.name!r} is used by several layers of the model; give each its own "
                    "name="
                )
            seen.add(operation.name)

    def run(self, inputs: Sequence[Any], call: Callable[[Any, Any, Any], Any]) -> list[Any]:
        """Computes the outputs.

        Args:
            inputs: values for ``self.inputs``.
            call: gets (operation, args, kwargs) of each node and returns its results.

        Returns:
            Values for ``self.outputs``.
        """
        values = {id(x): value for x, value in zip(self.inputs, inputs, strict=True)}
        for node in self._program:
            args, kwargs = node.arguments.fill_in(values)
            result = call(node.operation, args, kwargs)
            if len(node.outputs) == 1 and not isinstance(result, (list, tuple, dict)):
                values[id(node.outputs[0])] = result
            else:
                flat = [x for x in tree.flatten(result) if x is not None]
                for x, value in zip(node.outputs, flat, strict=False):
                    values[id(x)] = value
        return [values[id(x)] for x in self.outputs]


def topological_order(
    inputs: Sequence[KerasTensor], outputs: Sequence[KerasTensor]
) -> tuple[list[Node], dict[Any, int]]:
    """The nodes that lead to the outputs, each after those it needs, and the order in which operations were
    met.

    Depth first without recursion: a model may be deeper than Python's stack.
    """
    stop = {id(x) for x in inputs}
    finished: set[Node] = set()
    ordered: list[Node] = []
    first_seen: dict[Any, int] = {}
    for output in outputs:
        stack: list[tuple[KerasTensor, bool]] = [(output, False)]
        while stack:
            tensor, expanded = stack.pop()
            node = node_of(tensor)
            if node is None or node in finished:
                continue
            if expanded:
                finished.add(node)
                ordered.append(node)
                continue
            if not node.is_input and id(tensor) in stop:
                continue
            first_seen.setdefault(node.operation, len(first_seen))
            stack.append((tensor, True))
            stack.extend((parent, False) for parent in reversed(node.input_tensors))
    return ordered, first_seen


def _depths(ordered: list[Node]) -> tuple[dict[Node, int], dict[Any, int]]:
    """How many calls lie between each node (and operation) and the outputs, as Keras counts them."""
    in_graph = set(ordered)
    node_depth: dict[Node, int] = {}
    operation_depth: dict[Any, int] = {}
    for node in reversed(ordered):
        # An operation that is called several times counts with its greatest depth.
        depth = max(node_depth.setdefault(node, 0), operation_depth.get(node.operation, 0))
        operation_depth[node.operation] = depth
        node_depth[node] = depth
        for parent in node.parent_nodes:
            if parent in in_graph:
                node_depth[parent] = max(depth + 1, node_depth.get(parent, 0))
    return node_depth, operation_depth
