"""From the engine's ops to TensorFlow's: what every translation needs, and the table that they are in."""

from __future__ import annotations

import functools
import itertools
import math
import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from rkeras import _engine
from rkeras.saving.saved_model.graph_def import Function, Ref
from rkeras.saving.saved_model.program import Constant, Operand, Program, Size, Step, Varying
from rkeras.saving.saved_model.protobuf import DType

_INT32 = DType("int32")
HALVES = ("float16", "bfloat16")


class Emission:
    """One step being translated.

    Args:
        graph: the function that nodes are added to.
        step: the op with its operands.
        operands: the operands in the function.
        met: the values so far with their places in the function, to take unknown sizes from.
    """

    def __init__(self, graph: Function, step: Step, operands: list[Ref], met: Sequence[tuple[Operand, Ref]]) -> None:
        self.graph = graph
        self.step = step
        self.operands = operands
        self._met = met

    def shape(self, i: int = 0) -> tuple[Size, ...]:
        """The shape of an operand."""
        return self.step.inputs[i].shape

    def rank(self, i: int = 0) -> int:
        """Number of axes of an operand."""
        return len(self.shape(i))

    def axis(self, default: int = -1, name: str = "axis", i: int = 0) -> int:
        """An axis attribute, counted from the front."""
        axis = self.step.attrs.get(name)
        return int(default if axis is None else axis) % max(self.rank(i), 1)

    def fixed(self, name: str, default: Any = None) -> Any:
        """An attribute that must not follow from unknown sizes."""
        value = self.step.attrs.get(name)
        value = default if value is None else value
        if isinstance(value, Varying) or (isinstance(value, list) and any(isinstance(v, Varying) for v in value)):
            raise self.unsupported(f"its {name} follows from the size of the batch or another unknown axis")
        return value

    def unsupported(self, why: str) -> NotImplementedError:
        """The error for what cannot be written."""
        return NotImplementedError(f"op {self.step.op!r} cannot be exported to a SavedModel: {why}")

    def size(self, value: Size, source: tuple[int, int] | None = None) -> Ref | int:
        """A size as a number, or a scalar computed from the sizes that are met.

        Args:
            value: the size.
            source: an operand and one of its axes that the size is known to be a linear function of.
        """
        if not isinstance(value, Varying):
            return int(value)
        # What is nearest says best where a size comes from.
        known = [*zip(self.step.inputs, self.operands, strict=True), *self._met]
        places = [
            (dim, ref, axis)
            for operand, ref in known
            for axis, dim in enumerate(operand.shape)
            if isinstance(dim, Varying)
        ]
        for dim, ref, axis in places:
            if dim == value:
                return self.graph_size(ref, axis)
        if source is not None:
            i, axis = source
            given = self.shape(i)[axis]
            if isinstance(given, Varying) and (line := _line(given, value)) is not None:
                return self.graph_size(self.operands[i], axis) * line[0] + line[1]
        for dim, ref, axis in places:
            # Any two points lie on a line: without a hint only the likely ones count.
            line = _line(dim, value)
            if line is not None and (line[0] == 1 or line[1] == 0):
                return self.graph_size(ref, axis) * line[0] + line[1]
        distinct = list({dim: (dim, ref, axis) for dim, ref, axis in reversed(places)}.values())[::-1]
        for count in (2, 3):
            for group in itertools.combinations_with_replacement(distinct, count):
                factor = value.first / math.prod(dim.first for dim, _, _ in group)
                if factor == int(factor) and factor * math.prod(dim.second for dim, _, _ in group) == value.second:
                    sizes = [self.graph_size(ref, axis) for _, ref, axis in group]
                    return functools.reduce(operator.mul, sizes) * int(factor)
        raise self.unsupported(
            f"a size that was {value.first} and {value.second} in two traces does not follow simply from the "
            f"shapes of its operands"
        )

    def graph_size(self, ref: Ref, axis: int) -> Ref:
        """The size of an axis when the function runs."""
        shape = self.graph("Shape", ref, out_type=_INT32)
        return self.graph("StridedSlice", shape, [axis], [axis + 1], [1], shrink_axis_mask=1)

    def sizes(self, values: Sequence[Size]) -> Ref:
        """A vector of sizes."""
        parts = [self.size(value) for value in values]
        if any(isinstance(part, Ref) for part in parts):
            return self.graph("Pack", parts)
        return self.graph.constant(parts, "int32")

    def computing(self, dtype: str | None = None) -> list[Ref]:
        """The operands in one dtype (the result's by default), in float32 where that is a half."""
        dtype = dtype or self.step.outputs[0].dtype
        dtype = "float32" if dtype in HALVES else dtype
        return [self.graph.cast(x, dtype) for x in self.operands]

    def common(self) -> list[Ref]:
        """The operands in the dtype that they promote to."""
        return self.computing(_engine.result_type([x.dtype for x in self.step.inputs]))

    def reshape(self, x: Ref, shape: Sequence[Size]) -> Ref:
        """``x`` in another shape."""
        varying = [i for i, size in enumerate(shape) if isinstance(size, Varying)]
        if len(varying) == 1:
            target = self.graph.constant([-1 if i in varying else size for i, size in enumerate(shape)], "int32")
        else:
            target = self.sizes(shape)
        return self.graph("Reshape", x, target)

    def transpose(self, x: Ref, axes: Sequence[int]) -> Ref:
        """``x`` with its axes in another order."""
        if list(axes) == list(range(len(axes))):
            return x
        return self.graph("Transpose", x, list(axes))


Emitter = Callable[[Emission], Any]
EMITTERS: dict[str, Emitter] = {}


def _line(x: Varying, y: Varying) -> tuple[int, int] | None:
    """Integers a and b for which y is a * x + b."""
    slope = (y.second - y.first) / (x.second - x.first)
    offset = y.first - slope * x.first
    return (int(slope), int(offset)) if slope == int(slope) and offset == int(offset) else None


def emits(*ops: str) -> Callable[[Emitter], Emitter]:
    """Puts a translation into the table under the names of the ops it is for."""

    def register(fn: Emitter) -> Emitter:
        for op in ops:
            EMITTERS[op] = fn
        return fn

    return register


def emit_program(program: Program, graph: Function, input_names: Sequence[str], output_names: Sequence[str]) -> None:
    """Adds a program to a function.

    Args:
        program: what to compute.
        graph: the function, empty so far.
        input_names: names for the arguments.
        output_names: names for the results.

    Raises:
        NotImplementedError: an op has no counterpart.
    """
    known: dict[int, Ref] = {}
    met: list[tuple[Operand, Ref]] = []

    def meet(operand: Operand, ref: Ref) -> None:
        known[operand.id] = ref
        met.append((operand, ref))

    for operand, name in zip(program.arguments, input_names, strict=True):
        meet(operand, graph.argument(name, operand.dtype))
    variables = {operand.id: variable for operand, variable in program.variables}

    def place(x: Operand | Constant) -> Ref:
        if isinstance(x, Constant):
            return _constant(x, graph, met)
        if x.id not in known:
            variable = variables[x.id]
            known[x.id] = graph.constant(variable.numpy(), x.dtype)
        return known[x.id]

    for step in program.steps:
        emitter = EMITTERS.get(step.op)
        if emitter is None:
            raise NotImplementedError(
                f"op {step.op!r} cannot be exported to a SavedModel; its operands have the shapes "
                f"{[x.shape for x in step.inputs]}"
            )
        results = emitter(Emission(graph, step, [place(x) for x in step.inputs], met))
        results = results if isinstance(results, list) else [results]
        # Results beyond these are for derivatives only.
        for operand, ref in zip(step.outputs, results, strict=False):
            meet(operand, graph.cast(ref, operand.dtype))
    for name, output in zip(output_names, program.outputs, strict=True):
        graph.result(name, place(output))


def _constant(x: Constant, graph: Function, met: Sequence[tuple[Operand, Ref]]) -> Ref:
    a, b = np.asarray(x.first), np.asarray(x.second)
    if a.shape == b.shape and np.array_equal(a, b, equal_nan=a.dtype.kind == "f"):
        return graph.constant(a)
    emission = Emission(graph, Step("constant", (), {}, ()), [], met)
    if a.ndim == 0:
        return _scalar(a.item(), b.item(), x.dtype, emission)
    # Zeros for a batch, say: one slice along each axis of unknown size, repeated.
    index = tuple(slice(0, 1) if isinstance(size, Varying) else slice(None) for size in x.shape)
    seed = a[index]
    if all(np.array_equal(array, np.broadcast_to(seed, array.shape)) for array in (a, b)):
        return graph("BroadcastTo", graph.constant(seed), emission.sizes(x.shape))
    raise NotImplementedError(
        f"a constant of shape {x.shape} whose numbers follow from the size of the batch or another unknown axis "
        "cannot be exported to a SavedModel"
    )


def _scalar(a: float, b: float, dtype: str, emission: Emission) -> Ref:
    """A number made of unknown sizes, or the reciprocal of one, which means divide by."""
    if a != int(a) or b != int(b):
        whole = [round(1 / value) for value in (a, b)]
        if all(math.isclose(n * value, 1, rel_tol=1e-6) for n, value in zip(whole, (a, b), strict=True)):
            return 1.0 / _scalar(whole[0], whole[1], dtype, emission)
    size = emission.size(Varying(a, b))
    return emission.graph.cast(size, dtype) if isinstance(size, Ref) else emission.graph.constant(size, dtype)
