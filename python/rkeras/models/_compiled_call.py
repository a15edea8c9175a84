"""Plans for `model(x)`, so that a call of a small model costs little more than its arithmetic."""

from __future__ import annotations

from types import FunctionType
from typing import Any

from rkeras import _engine, tree
from rkeras.layers import _attributes
from rkeras.layers.call_context import context, get_mask
from rkeras.layers.core.input_layer import InputLayer
from rkeras.layers.layer import Layer
from rkeras.tracing import TracedFunction, is_tensor_like, mode

# Plans kept for a model; a shape must come twice to get one, so that odd batches stay cheap.
_CAPACITY = 16


class CompiledCalls:
    """The plans of one functional or sequential model's forward pass.

    Only layers of this package qualify: a user's ``call`` may have effects or read what changes in Python.

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
        training = bool(kwargs.get("training"))
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

    def _compile(self, inputs: Any, training: bool) -> TracedFunction | None:
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
    for layer in model._flatten_layers():
        cls = type(layer)
        if not cls.__module__.startswith("rkeras.") or cls.__name__ == "Lambda":
            return False
        if isinstance(layer, InputLayer) and layer.dtype == "string":
            # Text is looked up in Python.
            return False
        for value in layer.__dict__.values():
            if isinstance(value, FunctionType) and not value.__module__.startswith("rkeras."):
                return False
    return True
