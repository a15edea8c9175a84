"""Plans for `model(x)`, so that a call of a small model costs little more than its arithmetic."""

from __future__ import annotations

from typing import Any

import numpy as np

from rkeras import _engine, tree
from rkeras.layers import _attributes
from rkeras.layers.call_context import context, get_mask
from rkeras.layers.core.input_layer import InputLayer
from rkeras.layers.layer import Layer
from rkeras.tracing import TracedFunction, is_tensor_like, mode

# What these attributes hold does not take part in a call; the penalty on activity, which does, makes a loss.
_NOT_CALLED = ("_initializer", "_regularizer", "_constraint")

# Plans kept for a model; a shape must come twice to get one, so that odd batches stay cheap.
_CAPACITY = 16


class CompiledCalls:
    """The plans of one functional or sequential model's forward pass.

    Only code of this package qualifies: what a user wrote may have effects or read what changes in Python.

    Args:
        model: the model.
    """

    def __init__(self, model: Any) -> None:
        self._model = model
        self._version = -1
        self._qualifies = False
        self._plans: dict[Any, TracedFunction | None] = {}

    def __reduce__(self) -> Any:
        # Plans stay behind when a model is copied or sent elsewhere.
        return CompiledCalls, (self._model,)

    def __call__(self, inputs: Any, kwargs: dict[str, Any]) -> Any:
        """The model's output, or ``NotImplemented`` where the layers must be called one by one."""
        if mode.tapes or mode.run_eagerly or context.entry is not None or _engine.trace_active():
            return NotImplemented
        if kwargs and (len(kwargs) > 1 or not isinstance(kwargs.get("training", 0), (bool, type(None)))):
            return NotImplemented
        if self._version != _attributes.version():
            self._plans.clear()
            self._qualifies = _qualifies(self._model)
            self._version = _attributes.version()
        if not self._qualifies:
            return NotImplemented
        leaves = [inputs] if is_tensor_like(inputs) else tree.flatten(inputs)
        for leaf in leaves:
            if not is_tensor_like(leaf) or get_mask(leaf) is not None:
                return NotImplemented
        training = kwargs.get("training")
        if training is None:
            # Not the same as False: some layers train unless told otherwise.
            training = context.training
        structure = None if leaves[0] is inputs else _structure_key(inputs)
        key = (training, structure, *((leaf.shape, leaf.dtype) for leaf in leaves))
        plan = self._plans.get(key, NotImplemented)
        if plan is NotImplemented:
            if len(self._plans) >= _CAPACITY:
                self._plans.pop(next(iter(self._plans)))
            self._plans[key] = None
            return NotImplemented
        if plan is None:
            plan = self._compile(inputs, training)
            self._version = _attributes.version()
            if plan is None:
                self._qualifies = False
                return NotImplemented
            self._plans[key] = plan
        self._model._clear_losses()
        return plan(leaves)

    def _compile(self, inputs: Any, training: bool | None) -> TracedFunction | None:
        model = self._model

        def forward(x: Any) -> Any:
            outputs = Layer.__call__(model, x, training=training)
            if any(get_mask(leaf) is not None for leaf in tree.flatten(outputs)):
                raise _NotCompilable
            return outputs

        try:
            plan = TracedFunction(forward, (inputs,), {})
        except (_engine.TracedValueError, _NotCompilable):
            model._clear_losses()
            return None
        if any(layer._own_losses() for layer in model._flatten_layers()):
            # The losses of a plan's run would have to come out of it too.
            model._clear_losses()
            return None
        return plan


class _NotCompilable(Exception):
    """The outputs carry masks, which results of a plan do not."""


def _structure_key(inputs: Any) -> Any:
    if isinstance(inputs, dict):
        return tuple(inputs)
    return type(inputs).__name__


def _qualifies(model: Any) -> bool:
    """Whether a call runs no code but this package's, and depends on nothing but attributes and variables."""
    if "call" in model.__dict__:
        return False
    network = model._network
    for operation in network.graph.operations:
        if isinstance(operation, Layer) and not all(map(_layer_qualifies, operation._flatten_layers())):
            return False
        if not isinstance(operation, Layer) and not _holds_ours(operation):
            return False
    arguments = [(node.arguments.args, node.arguments.kwargs) for node in network.graph.nodes]
    # An array may be written to, and is read by each call.
    return not any(isinstance(x, np.ndarray) or not _is_ours(x) for x in tree.flatten(arguments))


def _layer_qualifies(layer: Any) -> bool:
    if not _is_ours(type(layer).__call__):
        return False
    if getattr(layer, "_network", None) is not None and getattr(type(layer).call, "_runs_network", False):
        # A subclass that, as it has no `call` of its own, may do as it likes outside of calls.
        return _qualifies(layer)
    if isinstance(layer, InputLayer) and layer.dtype == "string":
        # Text is looked up in Python.
        return False
    return type(layer).__name__ != "Lambda" and _holds_ours(layer)


def _holds_ours(operation: Any) -> bool:
    """Whether class and attributes of an operation are of this package, as far as a call runs them."""
    if not _is_ours(type(operation)) or not _is_ours(type(operation).call):
        return False
    return all(
        _is_ours(leaf)
        for name, value in operation.__dict__.items()
        if not name.endswith(_NOT_CALLED)
        for leaf in (tree.flatten(value) if tree.is_nested(value) else (value,))
    )


def _is_ours(value: Any) -> bool:
    """Whether it is no code, or code of this package."""
    return not callable(value) or (getattr(value, "__module__", None) or "").split(".")[0] == "rkeras"
