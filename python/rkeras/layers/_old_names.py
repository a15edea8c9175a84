"""What layers of Keras 1 and 2 had: each warns once a use what it is called today, and does that."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any


class _Old:
    """An attribute that is computed. A layer may have one of its own of the same name, which then counts.

    Args:
        today: what to write instead.
        get: takes the layer.
    """

    def __init__(self, today: str, get: Callable[[Any], Any]) -> None:
        self.today = today
        self.get = get

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, layer: Any, owner: type) -> Any:
        if layer is None:
            return self
        value = self.get(layer)  # first: who asks with hasattr whether there is one is not to be warned
        warnings.warn(f"layer.{self.name} is old; write {self.today}.", DeprecationWarning, stacklevel=2)
        return value


def _of_call(layer: Any, index: int, attribute: str) -> Any:
    calls = layer._inbound_nodes
    if not 0 <= index < len(calls):
        raise ValueError(
            f"layer {layer.name!r} has no call of index {index}: it was called {len(calls)} times on symbolic tensors"
        )
    tensors = getattr(calls[index], attribute)
    return tensors[0] if len(tensors) == 1 else tensors


def _shape(tensors: Any) -> Any:
    return [tensor.shape for tensor in tensors] if isinstance(tensors, list) else tensors.shape


class OldLayerNames:
    """The part of ``Layer`` that older scripts use.

    Example:
        >>> import warnings
        >>> from rkeras import Input, layers
        >>> dense = layers.Dense(2)
        >>> first, second = dense(Input((3,))), dense(Input((3,)))
        >>> with warnings.catch_warnings():
        ...     warnings.simplefilter("ignore")
        ...     dense.input_shape, dense.get_output_at(1) is second
        ((None, 3), True)
    """

    input_shape = _Old("layer.input.shape", lambda layer: _shape(layer.input))
    output_shape = _Old("layer.output.shape", lambda layer: _shape(layer.output))
    inbound_nodes = _Old("layer.input", lambda layer: layer._inbound_nodes)
    outbound_nodes = _Old("the layers of the model", lambda layer: layer._outbound_nodes)
    # Variables are assigned at once; nothing waits to be run after a step.
    updates = _Old("variable.assign in call", lambda layer: [])
    add_update = _Old("variable.assign in call", lambda layer: lambda *args, **kwargs: None)
    get_input_at = _Old(
        "the tensor that the layer was called on", lambda layer: lambda index: _of_call(layer, index, "input_tensors")
    )
    get_output_at = _Old(
        "the tensor that the call returned", lambda layer: lambda index: _of_call(layer, index, "output_tensors")
    )
    get_input_shape_at = _Old(
        "the shape of the tensor that the layer was called on",
        lambda layer: lambda index: _shape(_of_call(layer, index, "input_tensors")),
    )
    get_output_shape_at = _Old(
        "the shape of the tensor that the call returned",
        lambda layer: lambda index: _shape(_of_call(layer, index, "output_tensors")),
    )
