"""A function of tensors whose batch size (and other unknown sizes) is open, from recordings for two sets of sizes."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from rkeras.saving.saved_model.recording import Recording, Value


@dataclass(frozen=True)
class Varying:
    """A number that follows from unknown sizes: what it was in each of the two recordings."""

    first: Any
    second: Any


Size = int | Varying


@dataclass(frozen=True)
class Operand:
    """A value of the program.

    Args:
        id: its number.
        shape: sizes, ``Varying`` where they are not fixed.
        dtype: name of the element type.
    """

    id: int
    shape: tuple[Size, ...]
    dtype: str


@dataclass(frozen=True)
class Constant:
    """An array operand; of a shape or with numbers that follow from unknown sizes if the two differ."""

    first: Any
    second: Any

    @property
    def dtype(self) -> str:
        """Name of the element type."""
        return str(self.first.dtype.name)

    @property
    def shape(self) -> tuple[Size, ...]:
        """Sizes, ``Varying`` where they are not fixed."""
        return _merged_shape(self.first.shape, self.second.shape)


@dataclass(frozen=True)
class Step:
    """One op with its operands and attributes."""

    op: str
    inputs: tuple[Operand | Constant, ...]
    attrs: dict[str, Any]
    outputs: tuple[Operand, ...]


@dataclass(frozen=True)
class Program:
    """Steps in order, what goes in and what comes out; ``variables`` pairs operands with variables."""

    arguments: tuple[Operand, ...]
    variables: tuple[tuple[Operand, Any], ...]
    steps: tuple[Step, ...]
    outputs: tuple[Operand | Constant, ...]


class _Mismatch(Exception):
    """The two recordings are not one program."""


def trace_program(
    fn: Callable[[list[Any]], Sequence[Any]], specs: Sequence[tuple[Sequence[int | None], str]]
) -> Program:
    """The program of a function of tensors.

    Args:
        fn: takes a list of tensors and returns a list of them.
        specs: shape (None for unknown sizes) and dtype of each argument.

    Raises:
        NotImplementedError: the ops that are applied depend on the unknown sizes.
    """
    refused: Exception | None = None
    for first, second in _stand_ins(specs):
        try:
            pair = [Recording(fn, sized) for sized in (first, second)]
            return _Merge(*pair).program()
        except _Mismatch as error:
            # The next sizes may agree by accident less often.
            refused = refused or NotImplementedError(
                f"the model does not compute the same for every batch size: {error}; write it without Python "
                "branches on sizes"
            )
        except (ValueError, TypeError, MemoryError) as error:
            refused = refused or error
    raise refused or AssertionError("there are no sizes to try")


def _stand_ins(specs: Sequence[tuple[Sequence[int | None], str]]) -> Iterator[tuple[Any, Any]]:
    """Pairs of sizes for the unknown axes: all different; divisible by two many times; alike in all arguments."""
    attempts: tuple[tuple[Callable[[int], int], Callable[[int], int]], ...] = (
        (lambda i: (53, 61, 71, 83)[i % 4] + i // 4, lambda i: (97, 113, 131, 149)[i % 4] + i // 4),
        (lambda i: 192 + 64 * i, lambda i: 448 + 128 * i),
        (lambda i: 67, lambda i: 139),
        (lambda i: 192, lambda i: 320),
        (lambda i: 5, lambda i: 7),
    )
    for fills in attempts:
        sized = []
        for batch, fill in zip((3, 11), fills, strict=True):
            count = iter(range(1000))
            sized.append(
                [
                    (
                        [
                            size if size is not None else fill(next(count)) if axis else batch
                            for axis, size in enumerate(shape)
                        ],
                        dtype,
                    )
                    for shape, dtype in specs
                ]
            )
        yield sized[0], sized[1]
        if all(size is not None for shape, _ in specs for size in shape[1:]):
            return


def _merged_shape(a: Sequence[int], b: Sequence[int]) -> tuple[Size, ...]:
    if len(a) != len(b):
        raise _Mismatch(f"a tensor has shape {tuple(a)} once and {tuple(b)} another time")
    return tuple(m if m == n else Varying(m, n) for m, n in zip(a, b, strict=True))


class _Merge:
    def __init__(self, first: Recording, second: Recording) -> None:
        self._first, self._second = first, second

    def program(self) -> Program:
        a, b = self._first, self._second
        names = [[call.op for call in recording.calls] for recording in (a, b)]
        if names[0] != names[1]:
            raise _Mismatch(f"{len(names[0])} ops are applied once and {len(names[1])} another time")
        if len(a.variables) != len(b.variables):
            raise _Mismatch("it does not always read the same variables")
        steps = tuple(
            Step(
                x.op,
                tuple(self._operand(m, n) for m, n in zip(x.inputs, y.inputs, strict=True)),
                {key: _merged(x.attrs[key], y.attrs[key]) for key in x.attrs},
                tuple(self._value(m, n) for m, n in zip(x.outputs, y.outputs, strict=True)),
            )
            for x, y in zip(a.calls, b.calls, strict=True)
        )
        arguments = tuple(self._value(m, n) for m, n in zip(a.arguments, b.arguments, strict=True))
        outputs = tuple(self._operand(m, n) for m, n in zip(a.outputs, b.outputs, strict=True))
        variables = tuple((Operand(v.id, v.shape, v.dtype), variable) for v, variable in a.variables.items())
        return Program(arguments, variables, _needed(steps, outputs), outputs)

    def _value(self, a: Value, b: Value) -> Operand:
        if a.id != b.id or a.dtype != b.dtype:
            raise _Mismatch("the flow of values differs")
        return Operand(a.id, _merged_shape(a.shape, b.shape), a.dtype)

    def _operand(self, a: Any, b: Any) -> Operand | Constant:
        if isinstance(a, Value) and isinstance(b, Value):
            return self._value(a, b)
        if isinstance(a, Value) or isinstance(b, Value) or a.dtype != b.dtype:
            raise _Mismatch("the flow of values differs")
        return Constant(a, b)


def _needed(steps: tuple[Step, ...], outputs: Sequence[Operand | Constant]) -> tuple[Step, ...]:
    """The steps that the outputs depend on."""
    wanted = {x.id for x in outputs if isinstance(x, Operand)}
    kept = []
    for step in reversed(steps):
        if any(output.id in wanted for output in step.outputs):
            kept.append(step)
            wanted.update(x.id for x in step.inputs if isinstance(x, Operand))
    return tuple(reversed(kept))


def _merged(a: Any, b: Any) -> Any:
    """One attribute out of two; numbers that differ become ``Varying``."""
    if isinstance(a, (list, tuple)):
        if len(a) != len(b):
            raise _Mismatch("an attribute has more entries once")
        return [_merged(m, n) for m, n in zip(a, b, strict=True)]
    if isinstance(a, (int, float, np.number)) and not isinstance(a, bool):
        same = a == b or (math.isnan(a) and math.isnan(b))
        return a if same else Varying(a, b)
    if a != b:
        raise _Mismatch(f"an attribute is {a!r} once and {b!r} another time")
    return a
