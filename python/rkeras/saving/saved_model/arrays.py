"""Translations of ops that arrange, pick, reduce, sort and multiply."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from rkeras.saving.saved_model.elementwise import as_bool
from rkeras.saving.saved_model.emitter import EMITTERS, Emission, emits
from rkeras.saving.saved_model.graph_def import Ref
from rkeras.saving.saved_model.program import Constant, Size, Varying
from rkeras.saving.saved_model.protobuf import DType


@emits("reshape")
def _reshape(e: Emission) -> Ref:
    return e.reshape(e.operands[0], e.step.outputs[0].shape)


@emits("transpose")
def _transpose(e: Emission) -> Ref:
    axes = e.fixed("axes") or range(e.rank())[::-1]
    return e.transpose(e.operands[0], [axis % e.rank() for axis in axes])


@emits("broadcast_to")
def _broadcast_to(e: Emission) -> Ref:
    return e.graph("BroadcastTo", e.operands[0], e.sizes(e.step.outputs[0].shape))


@emits("concatenate")
def _concatenate(e: Emission) -> Ref:
    dtype = e.step.outputs[0].dtype
    return e.graph("ConcatV2", [e.graph.cast(x, dtype) for x in e.operands], e.axis())


@emits("stack")
def _stack(e: Emission) -> Ref:
    dtype = e.step.outputs[0].dtype
    return e.graph("Pack", [e.graph.cast(x, dtype) for x in e.operands])


def _window(e: Emission, size: list[Size]) -> tuple[list[Ref], dict[str, int]]:
    """Begin, end and strides of a slice, and the masks for axes that it goes along from end to end."""
    start = e.step.attrs["start"]
    steps = e.fixed("steps", [1] * len(start))
    begin: list[Size] = []
    end: list[Size] = []
    masks = {"begin_mask": 0, "end_mask": 0}
    for axis, (at, count, step, dim) in enumerate(zip(start, size, steps, e.shape(), strict=True)):
        runs = [_both(x) for x in (at, count, dim)]
        last = [a + n * step for a, n, _ in zip(*runs, strict=True)]
        from_edge = [a == (0 if step > 0 else d - 1) for a, _, d in zip(*runs, strict=True)]
        to_edge = [x >= d if step > 0 else x < 0 for x, d in zip(last, runs[2], strict=True)]
        some = all(runs[1])
        for name, edges, bounds, values in (
            ("begin_mask", from_edge, begin, runs[0]),
            ("end_mask", to_edge, end, [max(x, 0) for x in last]),
        ):
            if all(edges) and some:
                masks[name] |= 1 << axis
                values = [0, 0]
            bounds.append(values[0] if values[0] == values[1] else Varying(*values))
    return [e.sizes(begin), e.sizes(end), e.graph.constant(steps, "int32")], masks


def _both(value: Any) -> list[Any]:
    return [value.first, value.second] if isinstance(value, Varying) else [value, value]


@emits("slice")
def _slice(e: Emission) -> Ref:
    bounds, masks = _window(e, e.step.attrs["size"])
    return e.graph("StridedSlice", e.operands[0], *bounds, **masks)


@emits("slice_update")
def _slice_update(e: Emission) -> Ref:
    bounds, masks = _window(e, list(e.shape(1)))
    x, updates = e.computing()
    return e.graph("TensorStridedSliceUpdate", x, *bounds, updates, **masks)


def _indices(e: Emission, i: int, size: Size) -> tuple[Ref, Ref | None]:
    """Indices with negative ones counted from the end; which of them name an element, if some may not."""
    index = e.graph.cast(e.operands[i], "int64")
    source = e.step.inputs[i]
    if isinstance(source, Constant) and not isinstance(size, Varying):
        known = np.asarray(source.first)
        if known.shape == source.second.shape and known.size and known.min() >= 0 and known.max() < size:
            return index, None
    count = e.size(size)
    count = e.graph.cast(count, "int64") if isinstance(count, Ref) else count
    index = e.graph("SelectV2", index < 0, index + count, index)
    inside = e.graph("LogicalAnd", e.graph("GreaterEqual", index, 0), index < count)
    return e.graph("SelectV2", inside, index, 0), inside


@emits("take")
def _take(e: Emission) -> Ref:
    axis = e.axis(0)
    index, inside = _indices(e, 1, e.shape()[axis])
    picked = e.graph("GatherV2", e.operands[0], index, axis)
    if inside is None:
        return picked
    wide = e.reshape(inside, [*e.shape(1), *[1] * (e.rank() - axis - 1)])
    return e.graph("SelectV2", wide, picked, e.graph.constant(0, picked.dtype))


@emits("take_along_axis")
def _take_along_axis(e: Emission) -> Ref:
    rank, axis = e.rank(), e.axis()
    order = [*(a for a in range(rank) if a != axis), axis]
    back = [order.index(a) for a in range(rank)]
    index, inside = _indices(e, 1, e.shape()[axis])
    x, index = e.transpose(e.operands[0], order), e.transpose(index, order)
    picked = e.transpose(e.graph("GatherV2", x, index, rank - 1, batch_dims=rank - 1), back)
    if inside is None:
        return picked
    return e.graph("SelectV2", inside, picked, e.graph.constant(0, picked.dtype))


@emits("scatter_add")
def _scatter_add(e: Emission) -> Ref:
    axis, count = e.axis(0), e.rank(1)
    order = [*range(axis, axis + count), *range(axis), *range(axis + count, e.rank())]
    # The new axis stands first after the sum.
    rank = e.rank() - count + 1
    back = [*range(1, axis + 1), 0, *range(axis + 1, rank)]
    total = e.graph(
        "UnsortedSegmentSum",
        e.transpose(e.operands[0], order),
        e.graph.cast(e.operands[1], "int64"),
        e.size(_one(e.step.attrs["size"])),
    )
    return e.transpose(total, back)


def _one(value: Any) -> Any:
    return value[0] if isinstance(value, list) else value


@emits("one_hot")
def _one_hot(e: Emission) -> Ref:
    dtype = e.step.outputs[0].dtype
    on, off = e.graph.constant(1, dtype), e.graph.constant(0, dtype)
    index = e.graph.cast(e.operands[0], "int64")
    return e.graph("OneHot", index, int(_one(e.fixed("num_classes"))), on, off)


def _axes(e: Emission) -> list[int]:
    axes = e.fixed("axis")
    if axes is None:
        return list(range(e.rank()))
    return [axis % e.rank() for axis in (axes if isinstance(axes, list) else [axes])]


def _reduction(op: str) -> Callable[[Emission], Ref]:
    def emit(e: Emission) -> Ref:
        x = as_bool(e.operands[0]) if op in ("Any", "All") else e.computing()[0]
        return e.graph(op, x, e.graph.constant(_axes(e), "int32"), keep_dims=bool(e.fixed("keepdims", False)))

    return emit


EMITTERS.update({op.lower(): _reduction(op) for op in ("Sum", "Prod", "Max", "Min", "Any", "All")})


@emits("logsumexp")
def _logsumexp(e: Emission) -> Ref:
    (x,) = e.computing()
    axes, keep = e.graph.constant(_axes(e), "int32"), bool(e.fixed("keepdims", False))
    peak = e.graph("StopGradient", e.graph("Max", x, axes, keep_dims=True))
    total = e.graph("Log", e.graph("Sum", e.graph("Exp", x - peak), axes, keep_dims=True)) + peak
    return total if keep else e.reshape(total, e.step.outputs[0].shape)


@emits("argmax", "argmin")
def _arg_extreme(e: Emission) -> Ref:
    op = "ArgMax" if e.step.op == "argmax" else "ArgMin"
    return e.graph(op, e.common()[0], e.axis(), output_type=DType("int32"))


@emits("cumsum", "cumprod")
def _cumulate(e: Emission) -> Ref:
    op = "Cumsum" if e.step.op == "cumsum" else "Cumprod"
    return e.graph(op, e.computing()[0], e.axis(), reverse=bool(e.fixed("reverse", False)))


@emits("top_k")
def _top_k(e: Emission) -> list[Ref]:
    return e.graph.results("TopKV2", e.common()[0], int(_one(e.fixed("k"))), index_type=DType("int32"))


@emits("sort", "argsort")
def _sort(e: Emission) -> Ref:
    # The largest of the negated are the smallest, and equal ones keep their order.
    x = -e.common()[0]
    values, indices = e.graph.results("TopKV2", x, e.size(e.shape()[-1]), index_type=DType("int32"))
    return -values if e.step.op == "sort" else indices


@emits("softmax", "log_softmax")
def _softmax(e: Emission) -> Ref:
    axis, rank = e.axis(), e.rank()
    order = list(range(rank))
    order[axis], order[-1] = order[-1], order[axis]
    op = "Softmax" if e.step.op == "softmax" else "LogSoftmax"
    return e.transpose(e.graph(op, e.transpose(e.computing()[0], order)), order)


@emits("layer_norm")
def _layer_norm(e: Emission) -> Ref:
    x, gamma, beta = e.computing()
    centred, variance = _moments(e, x, [e.rank() - 1])
    return centred * e.graph("Rsqrt", variance + float(e.fixed("epsilon"))) * gamma + beta


@emits("batch_norm")
def _batch_norm(e: Emission) -> list[Ref]:
    x, gamma, beta = e.computing()
    axis = e.axis()
    others = [a for a in range(e.rank()) if a != axis]
    centred, variance = _moments(e, x, others)
    wide = [size if a == axis else 1 for a, size in enumerate(e.shape())]
    scaled = centred * e.graph("Rsqrt", variance + float(e.fixed("epsilon"))) * e.reshape(gamma, wide)
    mean = e.graph("Mean", x, e.graph.constant(others, "int32"))
    return [scaled + e.reshape(beta, wide), mean, e.reshape(variance, e.shape(1))]


def _moments(e: Emission, x: Ref, axes: list[int]) -> tuple[Ref, Ref]:
    """What is left without the mean along axes, and the variance."""
    along = e.graph.constant(axes, "int32")
    centred = x - e.graph("Mean", x, along, keep_dims=True)
    return centred, e.graph("Mean", e.graph("Square", centred), along, keep_dims=True)


@emits("matmul")
def _matmul(e: Emission) -> Ref:
    a, b = e.computing()
    flags = [bool(e.fixed(name, False)) for name in ("transpose_a", "transpose_b")]
    if e.rank(0) == e.rank(1) == 2:
        return e.graph("MatMul", a, b, transpose_a=flags[0], transpose_b=flags[1])
    return e.graph("BatchMatMulV2", a, b, adj_x=flags[0], adj_y=flags[1])
