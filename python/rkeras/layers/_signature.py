"""What the signature of a layer's ``call`` tells, worked out once for each class."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Collection
from typing import Any

_KEPT: dict[Any, CallSignature] = {}


class CallSignature:
    """The parts of a ``call`` signature that ``__call__`` needs."""

    __slots__ = (
        "first",
        "has_kwargs",
        "has_mask",
        "has_training",
        "mask_names",
        "names",
        "signature",
        "training_default",
        "training_index",
        "varargs",
    )

    def __init__(self, call: Callable[..., Any], bound: bool = False) -> None:
        self.signature = inspect.signature(call)
        parameters = list(self.signature.parameters.values())[0 if bound else 1 :]
        positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
        self.names = [p.name for p in parameters if p.kind in positional]
        self.varargs = any(p.kind is inspect.Parameter.VAR_POSITIONAL for p in parameters)
        self.has_kwargs = any(p.kind is inspect.Parameter.VAR_KEYWORD for p in parameters)
        every = {p.name: p for p in parameters}
        self.first = self.names[0] if self.names else None
        self.has_training = "training" in every
        self.has_mask = "mask" in every
        # Where it is among the positional arguments; beyond any if it cannot be one.
        self.training_index = self.names.index("training") if "training" in self.names else sys.maxsize
        self.mask_names = [
            (n.removesuffix("_mask"), n) for n in every if n.endswith("_mask") and n != "_mask"
        ]
        self.training_default = None
        if self.has_training and every["training"].default is not inspect.Parameter.empty:
            self.training_default = every["training"].default


def call_signature(layer: Any) -> CallSignature:
    """The signature of a layer's ``call``, cached by the function."""
    if "call" in layer.__dict__:
        # Assigned to this one object; not kept, for it may be a new function each time.
        return CallSignature(layer.call, bound=True)
    call = type(layer).call
    info = _KEPT.get(call)
    if info is None:
        info = _KEPT[call] = CallSignature(call)
    return info


def arguments_by_name(info: CallSignature, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
    """The arguments of a call by parameter name; surplus positional ones are left out."""
    return {**dict(zip(info.names, args, strict=False)), **kwargs}


def shape_arguments(
    method: Callable[..., Any], what: str, owner: str, arguments: Collection[str], shapes: dict[str, Any]
) -> dict[str, Any]:
    """The arguments of a ``build`` or ``compute_output_shape``.

    Args:
        method: takes one shape, or one ``<argument>_shape`` for each argument of ``call`` it cares about.
        what: its name, for the error.
        owner: the layer's class, for the error.
        arguments: the names of the arguments of ``call``.
        shapes: shapes by argument name, for those that are tensors.
    """
    key = (method, "shapes")
    names = _SHAPE_NAMES.get(key)
    if names is None:
        kinds = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
        parameters = list(inspect.signature(method).parameters.values())[1:]
        names = _SHAPE_NAMES[key] = [p.name for p in parameters if p.kind not in kinds]
    if len(names) == 1:
        return {names[0]: next(iter(shapes.values()), None)}
    found = {}
    for name in names:
        argument = name.removesuffix("_shape")
        if argument == name or argument not in arguments:
            raise ValueError(
                f"{owner}.{what} with several arguments must name each after an argument of `call`, with "
                "`_shape` "
                f"appended, as in `{what}(self, query_shape, value_shape)`; {name!r} is not one of "
                f"{[n + '_shape' for n in arguments]}"
            )
        if argument in shapes:
            found[name] = shapes[argument]
    return found


_SHAPE_NAMES: dict[Any, list[str]] = {}
