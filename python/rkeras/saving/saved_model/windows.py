"""Translations of convolutions and pooling."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rkeras.saving.saved_model.emitter import Emission, emits
from rkeras.saving.saved_model.graph_def import Ref
from rkeras.saving.saved_model.program import Size, Varying


def _per_axis(e: Emission, name: str, rank: int, default: Any = 1) -> list[int]:
    value = e.fixed(name, default)
    values = list(value) if isinstance(value, (list, tuple)) else [value]
    if not values:
        return [1] * rank
    return values * rank if len(values) == 1 else values


def _widened(e: Emission, x: Ref, shape: Sequence[Size]) -> Ref:
    """(batch, steps, channels) as an image of one row; 2D and 3D as they are."""
    return e.graph("ExpandDims", x, 1) if len(shape) == 3 else x


def _narrowed(e: Emission, x: Ref) -> Ref:
    return e.graph("Squeeze", x, squeeze_dims=[1]) if len(e.step.outputs[0].shape) == 3 else x


def _padded(e: Emission, x: Ref, pads: Sequence[tuple[int, int]], fill: float = 0.0) -> Ref:
    if not any(map(any, pads)):
        return x
    amounts = [[0, 0], *map(list, pads), [0, 0]]
    if len(pads) == 1:
        amounts.insert(1, [0, 0])
    return e.graph("PadV2", x, e.graph.constant(amounts, "int32"), fill)


def _padding(e: Emission, windows: Sequence[int]) -> tuple[str, list[tuple[int, int]]]:
    """The name of the padding for TensorFlow, and what is to be padded by a node of its own."""
    padding = e.fixed("padding", "valid")
    if padding in ("same", "valid"):
        return padding.upper(), []
    if padding == "causal":
        return "VALID", [(window - 1, 0) for window in windows]
    return "VALID", list(zip(padding[::2], padding[1::2], strict=True))


def _strides(values: Sequence[int]) -> list[int]:
    """For all axes of an image: batch, spatial axes (two at least), channels."""
    return [1, *([1] if len(values) == 1 else []), *values, 1]


def _dilated(e: Emission, weights: Ref, shape: Sequence[int], rates: Sequence[int]) -> tuple[Ref, list[int]]:
    """Weights with zeros between their taps: not every kernel of TensorFlow knows dilation on a CPU."""
    shape = list(shape)
    for axis, rate in enumerate(rates):
        if rate > 1:
            # Each tap is followed by rate - 1 zeros, the last ones are cut off.
            apart = e.graph("ExpandDims", weights, axis + 1)
            pads = [[0, rate - 1 if a == axis + 1 else 0] for a in range(len(shape) + 1)]
            wide = e.graph("PadV2", apart, e.graph.constant(pads, "int32"), 0.0)
            full = [*shape[:axis], shape[axis] * rate, *shape[axis + 1 :]]
            wide = e.graph("Reshape", wide, full)
            shape[axis] = (shape[axis] - 1) * rate + 1
            weights = e.graph("StridedSlice", wide, [0] * len(shape), shape, [1] * len(shape))
    return weights, shape


def _fixed_shape(e: Emission, shape: Sequence[Size]) -> list[int]:
    if any(isinstance(size, Varying) for size in shape):
        raise e.unsupported("the shape of its weights follows from an unknown size")
    return [int(size) for size in shape]  # type: ignore[arg-type]


def _split(e: Emission, x: Ref, axis: int, parts: int) -> list[Ref]:
    return e.graph.results("Split", e.graph.constant(axis, "int32"), x, num_split=parts)


@emits("conv")
def _conv(e: Emission) -> Ref:
    image, weights = e.computing()
    shape = _fixed_shape(e, e.shape(1))
    rank, groups = len(shape) - 2, int(e.fixed("groups", 1))
    strides, rates = _per_axis(e, "strides", rank), _per_axis(e, "dilation_rate", rank)
    windows = [(size - 1) * rate + 1 for size, rate in zip(shape[:rank], rates, strict=True)]
    padding, pads = _padding(e, windows)
    weights, shape = _dilated(e, weights, shape, rates)
    image = _padded(e, _widened(e, image, e.shape()), pads)
    if rank == 1:
        weights = e.graph("ExpandDims", weights, 0)
        shape = [1, *shape]
    op = "Conv3D" if rank == 3 else "Conv2D"
    settings: dict[str, Any] = {"strides": _strides(strides), "padding": padding}
    if groups == 1:
        return _narrowed(e, e.graph(op, image, weights, **settings))
    # The kernel for depthwise convolutions wants strides alike; one row may be passed over as one likes.
    alike = len(set(strides)) == 1
    if groups == e.shape()[-1] and rank < 3 and alike:
        across = [*shape[:2], groups, shape[-1] // groups]
        weights = e.graph("Reshape", weights, across)
        settings["strides"] = [1, strides[0], strides[0], 1]
        return _narrowed(e, e.graph("DepthwiseConv2dNative", image, weights, **settings))
    last = len(settings["strides"]) - 1
    parts = zip(_split(e, image, last, groups), _split(e, weights, last, groups), strict=True)
    return _narrowed(e, e.graph("ConcatV2", [e.graph(op, x, w, **settings) for x, w in parts], last))


@emits("conv_backward_data")
def _conv_backward_data(e: Emission) -> Ref:
    image, weights = e.computing()
    shape = _fixed_shape(e, e.shape(1))
    rank, groups = len(shape) - 2, int(e.fixed("groups", 1))
    rates = _per_axis(e, "dilation_rate", rank)
    weights, shape = _dilated(e, weights, shape, rates)
    padding, pads = _padding(e, shape[:rank])
    result = e.step.outputs[0].shape
    if rank == 1:
        weights, image = e.graph("ExpandDims", weights, 0), e.graph("ExpandDims", image, 1)
    op = "Conv3DBackpropInputV2" if rank == 3 else "Conv2DBackpropInput"
    settings = {"strides": _strides(_per_axis(e, "strides", rank)), "padding": padding}
    spatial = [e.size(size, (0, axis)) for axis, size in enumerate(result[1:-1], 1)]
    wide = [size + before + after for size, (before, after) in zip(spatial, pads, strict=True)] if pads else spatial
    rows = [1] if rank == 1 else []
    sizes = e.graph("Pack", [e.size(result[0]), *rows, *wide, shape[rank]])
    last = len(settings["strides"]) - 1
    if groups == 1:
        whole = e.graph(op, sizes, weights, image, **settings)
    else:
        parts = zip(_split(e, weights, last, groups), _split(e, image, last, groups), strict=True)
        whole = e.graph("ConcatV2", [e.graph(op, sizes, w, x, **settings) for w, x in parts], last)
    if pads:
        begin = [0, *([0] if rank == 1 else []), *(before for before, _ in pads), 0]
        end = [size + before for size, (before, _) in zip(spatial, pads, strict=True)]
        stop = e.graph("Pack", [0, *rows, *end, 0])
        edges = 1 | 1 << last
        whole = e.graph("StridedSlice", whole, begin, stop, [1] * (last + 1), begin_mask=edges, end_mask=edges)
    return _narrowed(e, whole)


@emits("max_pool", "average_pool")
def _pool(e: Emission) -> Ref:
    rank = e.rank() - 2
    largest = e.step.op == "max_pool"
    windows = _per_axis(e, "pool_size", rank)
    strides = _per_axis(e, "strides", rank, windows)
    padding, pads = _padding(e, windows)
    if pads and not largest:
        raise e.unsupported("an average over explicit padding has no counterpart")
    (x,) = e.computing()
    image = _padded(e, _widened(e, x, e.shape()), pads, float("-inf"))
    op = ("MaxPool" if largest else "AvgPool") + ("3D" if rank == 3 else "")
    pooled = e.graph(op, image, ksize=_strides(windows), strides=_strides(strides), padding=padding)
    return _narrowed(e, pooled)
