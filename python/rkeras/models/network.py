"""The layer graph inside functional and sequential models: data in, layers in order, results out."""

from __future__ import annotations

from typing import Any

import numpy as np

from rkeras import _engine, tree
from rkeras.build_budget import count_calls
from rkeras.graph import LayerGraph, Node, node_of, topological_order
from rkeras.keras_tensor import KerasTensor
from rkeras.layers.call_context import get_mask, set_mask
from rkeras.layers.core.input_layer import Input
from rkeras.layers.layer import Layer
from rkeras.layers.preprocessing.text_arrays import text_array


class Network:
    """Layers between symbolic inputs and outputs.

    Args:
        inputs: a symbolic tensor, or a list, tuple or dict of them. Those that are results of layers stand
            for new inputs, so that a part of a model can be cut out.
        outputs: symbolic tensors computed from them, in any structure.
        owner: the model's name, for errors.
    """

    def __init__(self, inputs: Any, outputs: Any, owner: str) -> None:
        for what, structure in (("inputs", inputs), ("outputs", outputs)):
            for x in tree.flatten(structure):
                if not isinstance(x, KerasTensor):
                    hint = "; call it on an Input first" if isinstance(x, Layer) else ""
                    raise ValueError(
                        f"{what} of a functional model must be symbolic tensors, as made by Input and by "
                        "layers called "
                        f"on them; got {x!r} (of type {type(x).__name__}){hint}"
                    )
        if any(_is_intermediate(x) for x in tree.flatten(inputs)):
            inputs, outputs = _cut_out(inputs, outputs)
        self.owner = owner
        self.inputs_struct = inputs
        self.outputs_struct = outputs
        self.inputs: list[KerasTensor] = tree.flatten(inputs)
        self.outputs: list[KerasTensor] = tree.flatten(outputs)
        # Symbolic tensors computed along the way for losses and metrics, each with what gets its
        # value and whether it is a loss.
        self.extras: list[tuple[KerasTensor, Any, bool]] = []
        self.graph = LayerGraph(self.inputs, self.outputs)

    @property
    def layers(self) -> list[Layer]:
        """The layers, inputs included, each after those it needs."""
        return [operation for operation in self.graph.operations if isinstance(operation, Layer)]

    def add_extra(self, tensor: KerasTensor, receive: Any, is_loss: bool = False) -> None:
        """Computes one more tensor in each call and hands it to ``receive``."""
        self.extras.append((tensor, receive, is_loss))
        self.graph = LayerGraph(self.inputs, [*self.outputs, *(x for x, *_ in self.extras)])

    def run(self, inputs: Any, mask: Any = None) -> Any:
        """Computes the outputs for data."""
        count_calls(len(self.graph.operations))
        values = self.standardize(inputs)
        if mask is not None:
            for x, m in zip(values, tree.flatten(mask), strict=False):
                if m is not None:
                    set_mask(x, m)
        results = self.graph.run(values, _call)
        for (_, receive, _), value in zip(self.extras, results[len(self.outputs) :], strict=True):
            receive(value)
        outputs = tree.pack_sequence_as(self.outputs_struct, results[: len(self.outputs)])
        if isinstance(outputs, (list, tuple)) and len(outputs) == 1:
            return outputs[0]
        return outputs

    def output_spec(self, inputs: Any) -> Any:
        """New symbolic outputs if the symbolic inputs have the shapes that the graph was made with, else "
        "None."""
        flat = tree.flatten(self._match_structure(inputs))
        same = all(
            isinstance(x, KerasTensor) and x.shape == ref.shape
            for x, ref in zip(flat, self.inputs, strict=False)
        )
        if not same or len(flat) != len(self.inputs):
            return None
        outputs = tree.map_structure(_like, self.outputs_struct)
        if isinstance(outputs, (list, tuple)) and len(outputs) == 1:
            return outputs[0]
        return outputs

    def standardize(self, inputs: Any) -> list[Any]:
        """Data as tensors in the order, dtypes and ranks of the inputs."""
        flat = tree.flatten(self._match_structure(inputs))
        if len(flat) != len(self.inputs):
            raise ValueError(
                f"model {self.owner!r} has {len(self.inputs)} inputs {[x.name for x in self.inputs]}, "
                f"but was given {len(flat)}: {[_describe(x) for x in flat]}"
            )
        return [self._standardize_one(x, ref) for x, ref in zip(flat, self.inputs, strict=True)]

    def _match_structure(self, inputs: Any) -> Any:
        """The inputs in the structure of the model, from a list in order or a dict by name."""
        expected = self.inputs_struct
        if isinstance(inputs, dict):
            names = list(expected) if isinstance(expected, dict) else [x.name for x in self.inputs]
            missing = [name for name in names if name not in inputs and not self._is_optional(name)]
            if missing:
                raise ValueError(
                    f"model {self.owner!r} has the inputs {names}, but {missing} are missing from the dict "
                    "with keys "
                    f"{list(inputs)}"
                )
            if isinstance(expected, dict):
                return {name: inputs.get(name) for name in names}
            return [inputs.get(name) for name in names]
        if isinstance(expected, dict) and isinstance(inputs, (list, tuple)) and len(inputs) == len(expected):
            # In the order in which the dict was written.
            return dict(zip(expected, inputs, strict=True))
        if len(self.inputs) == 1 and isinstance(inputs, (list, tuple)) and _is_numbers(inputs):
            return [np.asarray(inputs, dtype=self.inputs[0].dtype)]
        return inputs

    def _is_optional(self, name: str) -> bool:
        return any(_optional(x) and name == x.name for x in self.inputs)

    def _standardize_one(self, x: Any, ref: KerasTensor) -> Any:
        if x is None:
            if not _optional(ref):
                raise ValueError(f"input {ref.name!r} of model {self.owner!r} must not be None")
            return None
        if isinstance(x, KerasTensor):
            y: Any = x
        elif x.__class__ is _engine.Tensor and x.dtype == ref.dtype:
            y = x
        elif ref.dtype == "string":
            y = text_array(x, "utf-8", f"input {ref.name!r} of model {self.owner!r}")
        else:
            y = _engine.convert(x, ref.dtype)
        shape = tuple(y.shape)
        if len(shape) != len(ref.shape):
            adjusted = _adjust_rank(y, shape, ref.shape)
            if adjusted is None:
                raise self._shape_error(ref, shape)
            y = adjusted
            shape = tuple(y.shape)
        # The batch may have another size than the one the model was built with.
        if shape[1:] != ref.shape[1:] and any(
            m is not None and n is not None and m != n for m, n in zip(ref.shape[1:], shape[1:], strict=True)
        ):
            raise self._shape_error(ref, shape)
        mask = get_mask(x)
        if mask is not None and y is not x:
            set_mask(y, mask)
        return y

    def _shape_error(self, ref: KerasTensor, shape: tuple[Any, ...]) -> ValueError:
        hint = ""
        if shape == ref.shape[1:]:
            hint = " The batch axis is missing: pass x[None] for one sample."
        elif shape[1:] and sorted(map(str, shape[1:])) == sorted(map(str, ref.shape[1:])):
            hint = " The axes seem to be in another order; see data_format, or transpose the data."
        return ValueError(
            f"input {ref.name!r} of model {self.owner!r} has shape {ref.shape}, but was given shape "
            f"{shape}.{hint}"
        )


def _call(operation: Any, args: Any, kwargs: Any) -> Any:
    return operation(*args, **kwargs)


def _like(x: KerasTensor) -> KerasTensor:
    new = KerasTensor(x.shape, x.dtype)
    mask = getattr(x, "_keras_mask", None)
    if mask is not None:
        new._keras_mask = mask
    return new


def _describe(x: Any) -> Any:
    return tuple(x.shape) if hasattr(x, "shape") else x


def _is_numbers(x: Any) -> bool:
    leaves = tree.flatten(x)
    return bool(leaves) and all(isinstance(leaf, (int, float)) for leaf in leaves)


def _optional(x: KerasTensor) -> bool:
    history = getattr(x, "_keras_history", None)
    return bool(getattr(history.operation, "optional", False)) if history is not None else False


def _adjust_rank(x: Any, shape: tuple[Any, ...], expected: tuple[Any, ...]) -> Any:
    """The tensor with a last axis of size one removed or added, if that is what differs."""
    rank = len(expected)
    if len(shape) == rank + 1 and shape[-1] == 1:
        new = shape[:-1]
    elif len(shape) == rank - 1 and expected[-1] == 1 and rank > 1:
        new = (*shape, 1)
    else:
        return None
    if any(m is not None and n is not None and m != n for m, n in zip(expected[1:], new[1:], strict=True)):
        return None
    if isinstance(x, KerasTensor):
        from rkeras import ops

        return ops.squeeze(x, axis=-1) if len(new) < len(shape) else ops.expand_dims(x, axis=-1)
    return x.reshape(new) if isinstance(x, np.ndarray) else _engine.apply("reshape", x, shape=list(new))


def _is_intermediate(x: KerasTensor) -> bool:
    node = node_of(x)
    return node is not None and not node.is_input


def _cut_out(inputs: Any, outputs: Any) -> tuple[Any, Any]:
    """The part of a graph between some tensors as a graph of its own that shares the layers.

    The nodes are copied: a tensor knows one call that made it, and here it becomes an input.
    """
    flat_inputs = tree.flatten(inputs)
    ordered, _ = topological_order(flat_inputs, tree.flatten(outputs))
    new: dict[int, KerasTensor] = {}
    for x in flat_inputs:
        if _is_intermediate(x):
            new[id(x)] = Input(batch_shape=x.shape, dtype=x.dtype, name=f"{x.name}CLONE")
        else:
            new[id(x)] = x

    def swap(x: Any) -> Any:
        if not isinstance(x, KerasTensor):
            return x
        if id(x) not in new:
            copy = _like(x)
            copy.name = x.name
            new[id(x)] = copy
        return new[id(x)]

    for node in ordered:
        if node.is_input:
            for x in node.outputs:
                new.setdefault(id(x), x)
            continue
        args, kwargs = tree.map_structure(swap, (node.arguments.args, node.arguments.kwargs))
        Node(node.operation, args, kwargs, [swap(x) for x in node.outputs])
    return tree.map_structure(swap, inputs), tree.map_structure(swap, outputs)
