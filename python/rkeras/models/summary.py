"""The table that ``model.summary()`` prints."""

from __future__ import annotations

import math
import os
import re
import shutil
import sys
from collections.abc import Callable, Sequence
from typing import Any

from rkeras import config, tree
from rkeras.dtype_policies import standardize_dtype
from rkeras.models.op_config import class_name
from rkeras.operation import OpCall

_ITEM_BITS = {"bool": 1, "bfloat16": 16}


def count_params(weights: Sequence[Any]) -> int:
    """The number of numbers in some weights."""
    return sum(math.prod(w.shape) for w in weights)


def weight_memory_size(weights: Sequence[Any]) -> float:
    """The bytes that some weights take, each counted once."""
    unique = {id(w): w for w in weights}.values()
    bits: int = sum(math.prod(w.shape) * _bits(standardize_dtype(w.dtype)) for w in unique)
    return bits / 8


def _bits(dtype: str) -> int:
    digits = re.search(r"\d+$", dtype)
    return _ITEM_BITS.get(dtype) or (int(digits.group()) if digits else 8)


def readable_memory_size(size: float) -> str:
    """Bytes in the unit that suits.

    Example:
        >>> readable_memory_size(3624)
        '3.54 KB'
    """
    units = ["B", "KB", "MB", "GB", "TB", "PB"]
    while size >= 1024 and len(units) > 1:
        size /= 1024
        units.pop(0)
    return f"{size:.2f} {units[0]}"


def _number(x: Any) -> str:
    return f"[color({45 if x is None else 34})]{x}[/]"


def _bold(text: str, color: int | None = None) -> str:
    return f"[bold]{text}[/]" if color is None else f"[bold][color({color})]{text}[/][/]"


def _shape_text(shape: Any) -> str:
    return f"({', '.join(_number(size) for size in shape)})"


def _output_shape(layer: Any) -> str:
    """The shape of what a layer returned when it was last called symbolically, or would return."""
    if layer._inbound_nodes:
        shapes: Any = [_shape_text(x.shape) for x in layer._inbound_nodes[-1].output_tensors]
    else:
        known = layer._build_shapes
        if not known or None in known.values():
            return "?"
        try:
            found = layer.compute_output_shape(*known.values())
            shapes = tree.map_shape_structure(_shape_text, found)
        except (ValueError, TypeError, NotImplementedError):
            return "?"
    leaves = tree.flatten(shapes)
    return leaves[0] if len(leaves) == 1 else str(shapes).replace("'", "")


def _title(layer: Any) -> str:
    """The class of a layer, or the op of a node in the spelling of a class."""
    op = getattr(layer, "function", None)
    if isinstance(layer, OpCall) and isinstance(op, str):
        return class_name(op)
    return type(layer).__name__


def _is_chain(network: Any) -> bool:
    """Whether each layer of a graph follows from the one before and is called once."""
    nodes = []
    for at_depth in network.graph.nodes_by_depth.values():
        if len(at_depth) > 1 or len(at_depth[0].input_tensors) > 1:
            return False
        nodes.extend(at_depth)
    calls = set(nodes)
    return all(sum(node in calls for node in layer._inbound_nodes) <= 1 for layer in network.layers)


def _connections(layer: Any, network: Any) -> str:
    found = []
    for node in layer._inbound_nodes:
        if node not in network.graph.nodes:
            continue
        for x in node.input_tensors:
            history = x._keras_history
            found.append(
                f"{history.operation.name}[{_number(history.node_index)}][{_number(history.tensor_index)}]"
            )
    return ", ".join(found) or "-"


class _Table:
    """The columns for one model and the fields of a layer."""

    def __init__(self, model: Any, show_trainable: bool, expand_nested: bool) -> None:
        from rkeras.models.sequential import Sequential

        network = None if isinstance(model, Sequential) else model._network
        self.layers: list[Any] = model.layers if network is None else network.graph.operations
        # Where layers are not a chain, a column says what each is connected to.
        self.network = None if network is None or _is_chain(network) else network
        self.show_trainable = show_trainable
        self.expand_nested = expand_nested
        self.header = ["Layer (type)", "Output Shape", "Param #"]
        self.alignment = ["left", "left", "right"]
        self.positions = [0.45, 0.80, 1.0]
        self.length = 88
        if self.network is not None:
            self.header.append("Connected to")
            self.alignment.append("left")
            self.positions = [0.3, 0.56, 0.74, 1.0]
            self.length = 108
        if show_trainable:
            self.header.append("Trainable")
            self.alignment.append("center")
            self.length += 12

    def rows(self, layer: Any, depth: int = 0) -> list[list[str]]:
        """The row of a layer, and of those in it if they are wanted."""
        rows = [self._fields(layer, "   " * depth + "└ " if depth else "")]
        if self.expand_nested:
            for inner in getattr(layer, "layers", ()):
                rows.extend(self.rows(inner, depth + 1))
        return rows

    def _fields(self, layer: Any, prefix: str) -> list[str]:
        from rich.markup import escape

        is_layer = hasattr(layer, "built")
        name = f"{escape(prefix + layer.name)} ([color(33)]{escape(_title(layer))}[/])"
        if not is_layer:
            shape = _output_shape(layer)
            params = _number(0)
        else:
            shape = _output_shape(layer)
            params = _number(f"{layer.count_params():,}") if layer.built else f"{_number(0)} (unbuilt)"
        fields = [name, shape, params]
        if self.network is not None:
            fields.append(_connections(layer, self.network))
        if self.show_trainable:
            if is_layer and layer.weights:
                fields.append(_bold("Y", 34) if layer.trainable else _bold("N", 9))
            else:
                fields.append(_bold("-"))
        return fields


def _available_width() -> int | None:
    """The width of the terminal; None if the text goes elsewhere, where lines may be of any length."""
    if os.environ.get("COLUMNS") or (sys.stdout is not None and sys.stdout.isatty()):
        return shutil.get_terminal_size().columns - 4
    return None


def _column_widths(positions: Sequence[float], length: int) -> list[int]:
    widths = []
    start = 0
    for position in positions:
        end = int(position * length) if position <= 1 else int(position)
        if end - start < 4:
            raise ValueError(
                f"a summary of {length} characters is too narrow for {len(positions)} columns; pass a "
                "larger line_length"
            )
        widths.append(end - start)
        start = end
    return widths


def _layer_bounds(layers: Sequence[Any], layer_range: Any) -> slice:
    if layer_range is None:
        return slice(None)
    if len(layer_range) != 2 or not all(isinstance(name, str) for name in layer_range):
        raise ValueError(
            f"layer_range must be the names of the first and the last layer, got {layer_range!r}"
        )
    first = [i for i, layer in enumerate(layers) if re.match(layer_range[0], layer.name)]
    last = [i for i, layer in enumerate(layers) if re.match(layer_range[1], layer.name)]
    if not first or not last:
        raise ValueError(
            f"layer_range={layer_range!r} does not match; the layers are {[layer.name for layer in layers]}"
        )
    if min(first) > max(last):
        return slice(min(last), max(first) + 1)
    return slice(min(first), max(last) + 1)


def _totals(model: Any) -> list[str]:
    optimizer = getattr(model, "optimizer", None)
    groups = [("Trainable", model.trainable_weights), ("Non-trainable", model.non_trainable_weights)]
    if optimizer is not None and getattr(model, "compiled", False) and optimizer.built:
        groups.append(("Optimizer", optimizer.variables))
    sizes = [(title, count_params(weights), weight_memory_size(weights)) for title, weights in groups]
    sizes.insert(0, ("Total", sum(count for _, count, _ in sizes), sum(size for *_, size in sizes)))
    return [
        f"{_bold(f' {title} params: ')}{_number(f'{count:,}')} ({readable_memory_size(size)})"
        for title, count, size in sizes
    ]


def _unbuilt_hint(model: Any) -> str | None:
    if model.built and all(getattr(layer, "built", True) for layer in model.layers):
        return None
    return (
        " The model is not built yet, so its weights do not exist: call model.build(input_shape), "
        "put an Input(shape) first, or call the model on data."
    )


def print_summary(
    model: Any,
    line_length: int | None = None,
    positions: Sequence[float] | None = None,
    print_fn: Callable[[str], Any] | None = None,
    expand_nested: bool = False,
    show_trainable: bool = False,
    layer_range: Any = None,
) -> None:
    """Prints a table of a model's layers with their output shapes and numbers of weights.

    Args:
        model: the model.
        line_length: the table's width in characters; it follows the terminal if not given.
        positions: where the columns end, as fractions of the width.
        print_fn: gets the text, instead of printing it.
        expand_nested: whether the layers of models inside are listed too.
        show_trainable: whether a column tells if a layer is trained.
        layer_range: names (or patterns) of the first and the last layer to list.
    """
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Column, Table

    content = _Table(model, show_trainable, expand_nested)
    ends = list(positions or content.positions)
    if show_trainable:
        ends = [0.90 * end for end in ends] + [1.0]
    available = _available_width()
    if line_length is None:
        line_length = content.length if available is None else min(content.length, available)
    widths = _column_widths(ends, line_length)
    columns = [
        Column(name, justify=align, width=width)  # type: ignore[arg-type]
        for name, align, width in zip(content.header, content.alignment, widths, strict=False)
    ]
    table = Table(*columns, width=line_length, show_lines=True)
    for layer in content.layers[_layer_bounds(content.layers, layer_range)]:
        for row in content.rows(layer):
            table.add_row(*row)
    lines: list[Any] = [_bold(f'Model: "{escape(model.name)}"'), table, *_totals(model)]
    hint = _unbuilt_hint(model)
    if hint is not None:
        lines.append(hint)

    if print_fn is None and not config.is_interactive_logging_enabled():
        import logging

        print_fn = logging.getLogger("rkeras").info
    wide = None if available is not None and print_fn is None else max(line_length, 100)
    if print_fn is None:
        console = Console(highlight=False, width=wide)
        if not console.encoding.lower().startswith("utf"):
            print_fn = _print_in(console.encoding)
    else:
        console = Console(highlight=False, force_terminal=False, color_system=None, width=wide)
    if print_fn is not None:
        console.begin_capture()
    for line in lines:
        console.print(line, soft_wrap=line is hint)
    if print_fn is not None:
        print_fn(console.end_capture())


def _print_in(encoding: str) -> Callable[[str], Any]:
    """Printing for an output that lacks characters of the table (the lines are ASCII there by themselves)."""

    def write(text: str) -> None:
        text = text.replace("…", "~").replace("└", "+")
        sys.stdout.write(text.encode(encoding, "replace").decode(encoding))

    return write
