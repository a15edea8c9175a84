"""The text in the box of a layer."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

from rkeras.layers.core.input_layer import InputLayer
from rkeras.layers.layer import Layer
from rkeras.models.model import Model
from rkeras.models.op_config import class_name
from rkeras.operation import OpCall
from rkeras.visualization.text import printable

# What a row is about, and its value.
Row = tuple[str, str]

# More shapes than this are counted rather than listed.
_LISTED = 4


@dataclasses.dataclass(frozen=True)
class Options:
    """What is shown of each layer."""

    show_shapes: bool = False
    show_dtype: bool = False
    show_layer_names: bool = False
    expand_nested: bool = False
    show_layer_activations: bool = False
    show_trainable: bool = False


def kind_of(layer: Any) -> str:
    """``input``, ``model``, ``layer`` or ``op``."""
    for kind, of_kind in (("input", InputLayer), ("model", Model), ("layer", Layer)):
        if isinstance(layer, of_kind):
            return kind
    return "op"


def headline(layer: Any, options: Options, named: bool = False) -> str:
    """The class of a layer, after its name if names are shown."""
    op = getattr(layer, "function", None)
    kind = class_name(op) if isinstance(layer, OpCall) and isinstance(op, str) else type(layer).__name__
    return printable(f"{layer.name} ({kind})" if named or options.show_layer_names else kind)


def rows_of(layer: Any, network: Any, options: Options) -> list[Row]:
    """The rows that the options ask for.

    Args:
        layer: a layer or an op.
        network: the graph it is shown in, if any; calls of the layer elsewhere do not count.
        options: what to show.
    """
    rows = []
    activation = getattr(layer, "activation", None)
    if options.show_layer_activations and activation is not None:
        rows.append(("activation", _name_of(activation)))
    calls = [node for node in layer._inbound_nodes if network is None or node in network.graph.nodes]
    if options.show_shapes:
        if not isinstance(layer, InputLayer):
            rows.append(("input", _shapes([call.input_tensors for call in calls], layer, "input_shape")))
        rows.append(("output", _shapes([call.output_tensors for call in calls], layer, "output_shape")))
    if options.show_dtype:
        dtypes = list(dict.fromkeys(x.dtype for call in calls for x in call.output_tensors))
        rows.append(("dtype", ", ".join(dtypes) or getattr(layer, "compute_dtype", None) or "?"))
    if options.show_trainable and getattr(layer, "weights", None):
        rows.append(("trainable", "yes" if layer.trainable else "no"))
    return [(what, printable(value)) for what, value in rows]


def _name_of(activation: Any) -> str:
    for attribute in ("name", "__name__"):
        name = getattr(activation, attribute, None)
        if isinstance(name, str):
            return name
    return type(activation).__name__


def _shapes(calls: Sequence[Sequence[Any]], layer: Any, attribute: str) -> str:
    """The shapes of each call, those of equal calls once."""
    texts = dict.fromkeys(_shapes_of_call([x.shape for x in tensors]) for tensors in calls)
    return " / ".join(texts) or _shape_without_call(layer, attribute)


def _shapes_of_call(shapes: Sequence[tuple[Any, ...]]) -> str:
    if len(shapes) == 1:
        return str(shapes[0])
    if len(shapes) <= _LISTED:
        return f"[{', '.join(map(str, shapes))}]"
    counted: list[tuple[Any, int]] = []
    for shape in shapes:
        if counted and counted[-1][0] == shape:
            counted[-1] = (shape, counted[-1][1] + 1)
        else:
            counted.append((shape, 1))
    parts = [str(shape) if n == 1 else f"{n} x {shape}" for shape, n in counted]
    if len(parts) > _LISTED:
        parts[_LISTED - 1 : -1] = ["…"]
    return f"[{', '.join(parts)}]"


def _shape_without_call(layer: Any, attribute: str) -> str:
    """The shape of a model that was only called on data, as far as it is known."""
    known = list(getattr(layer, "_build_shapes", None) or ())
    shapes = [layer._build_shapes[name] for name in known]
    try:
        if attribute == "output_shape" and shapes:
            return str(layer.compute_output_shape(*shapes))
        return str(shapes[0]) if shapes else str(getattr(layer, attribute))
    except (AttributeError, ValueError, TypeError, NotImplementedError):
        return "?"
