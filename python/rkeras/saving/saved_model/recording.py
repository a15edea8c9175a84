"""Listing the ops that a function applies to traced tensors.

The engine's own graph cannot be walked from Python, so the door to the engine is watched while the function is
traced: what it is asked to do, on which values, with which results.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from rkeras import _engine
from rkeras.tracing import mode

# Python operators of tensors and variables, and the op that each is.
_BINARY = {
    "add": "add",
    "sub": "subtract",
    "mul": "multiply",
    "truediv": "divide",
    "floordiv": "floor_divide",
    "mod": "mod",
    "matmul": "matmul",
    "pow": "power",
    "and": "logical_and",
    "or": "logical_or",
    "xor": "logical_xor",
}
_COMPARISONS = {
    "eq": "equal",
    "ne": "not_equal",
    "lt": "less",
    "le": "less_equal",
    "gt": "greater",
    "ge": "greater_equal",
}
_UNARY = {"neg": "negative", "abs": "absolute", "invert": "logical_not"}


@dataclass(frozen=True)
class Value:
    """A result of an op, or an argument.

    Args:
        id: its number among the values of the recording.
        shape: sizes of the axes.
        dtype: name of the element type.
    """

    id: int
    shape: tuple[int, ...]
    dtype: str


@dataclass(frozen=True)
class Call:
    """One op applied to operands: values of the recording, or arrays."""

    op: str
    inputs: tuple[Any, ...]
    attrs: dict[str, Any]
    outputs: tuple[Value, ...]


class Recording:
    """The ops of one traced function.

    Args:
        fn: a function of a list of tensors that returns a list of tensors.
        specs: shape and dtype of each argument.

    ``arguments``, ``calls``, ``outputs`` and ``variables`` (values by the number of the variable in the order of
    their first use) tell what the function does.
    """

    def __init__(self, fn: Callable[[list[Any]], Sequence[Any]], specs: Sequence[tuple[Sequence[int], str]]) -> None:
        self.calls: list[Call] = []
        self.variables: dict[Value, Any] = {}
        self._values: dict[int, Value] = {}
        # The tensors seen, so that no id is given to another one.
        self._alive: list[Any] = []
        trace = _engine.Trace()
        try:
            with _watched(self):
                arguments = [trace.argument(list(shape), dtype) for shape, dtype in specs]
                self.arguments = [self._new(tensor) for tensor in arguments]
                self.outputs = [self._operand(leaf, []) for leaf in fn(arguments)]
        finally:
            trace.cancel()

    def _new(self, tensor: Any) -> Value:
        value = Value(len(self._values), tuple(tensor.shape), tensor.dtype)
        self._values[tensor.value_id] = value
        self._alive.append(tensor)
        return value

    def read(self, variable: Any, tensor: Any) -> None:
        """Notes that ``tensor`` is what was read from a variable."""
        if tensor.is_traced and tensor.value_id not in self._values:
            self.variables[self._new(tensor)] = variable

    def call(self, op: str, inputs: Sequence[Any], attrs: dict[str, Any], result: Any) -> None:
        """Notes one application of an op."""
        outputs = result if isinstance(result, list) else [result]
        if not any(isinstance(x, _engine.Tensor) and x.is_traced for x in outputs):
            return
        strong = [str(x.dtype) for x in inputs if hasattr(x, "dtype")]
        operands = tuple(self._operand(x, strong) for x in inputs)
        # An equal op came before, or the op does nothing: the result is a value known already.
        if all(x.value_id in self._values for x in outputs):
            return
        self.calls.append(Call(op, operands, attrs, tuple(self._new(x) for x in outputs)))

    def _operand(self, x: Any, strong: list[str]) -> Any:
        if isinstance(x, _engine.Variable):
            x = x.read()
        if isinstance(x, _engine.Tensor):
            if not x.is_traced:
                return x.numpy()
            if x.value_id not in self._values:
                raise NotImplementedError(
                    "the model computes with a value that does not come from an op of rkeras.ops (a gradient?); "
                    "such a model cannot be exported"
                )
            return self._values[x.value_id]
        if isinstance(x, (bool, int, float)):
            kind = "bool_scalar" if isinstance(x, bool) else "int" if isinstance(x, int) else "float"
            return _engine.convert(x, _engine.result_type([*strong, kind])).numpy()
        return _engine.convert(x).numpy() if not isinstance(x, (list, tuple)) else self._operand(_engine.convert(x), [])

    def stacked(self, parts: Any, tensor: Any) -> None:
        """Notes a tensor made of nested lists with tensors in them."""
        if tensor.is_traced and tensor.value_id not in self._values:
            tensors = [_engine.convert(part) for part in parts]
            self.call("stack", tensors, {}, tensor)


class _Active(threading.local):
    recording: Recording | None = None


_active = _Active()
_lock = threading.RLock()


@contextmanager
def _watched(recording: Recording) -> Iterator[None]:
    """A context in which the ops that this thread applies are noted."""
    with _lock:
        outer, saved = _active.recording, []
        if outer is not None:
            raise RuntimeError("a model cannot be exported while another one is being exported in its call")

        def replace(owner: Any, name: str, function: Any) -> None:
            saved.append((owner, name, getattr(owner, name)))
            setattr(owner, name, function)

        for name, function in _functions():
            replace(_engine, name, function)
        for owner in (_engine.Tensor, _engine.Variable):
            for name, function in _methods(owner):
                replace(owner, name, function)
        replace(_engine.Variable, "read", _reader(_engine.Variable.read))
        _active.recording = recording
        mode.common_ops = True
        try:
            yield
        finally:
            _active.recording = None
            mode.common_ops = False
            for owner, name, original in reversed(saved):
                setattr(owner, name, original)


def _functions() -> Iterator[tuple[str, Any]]:
    for name in ("apply", "apply_list"):
        yield name, _applier(getattr(_engine, name))
    yield "convert", _converter(_engine.convert)


def _applier(original: Any) -> Any:
    def apply(name: str, *inputs: Any, **attrs: Any) -> Any:
        result = original(name, *inputs, **attrs)
        if _active.recording is not None:
            _active.recording.call(name, inputs, attrs, result)
        return result

    return apply


def _converter(original: Any) -> Any:
    def convert(value: Any, dtype: str | None = None) -> Any:
        recording = _active.recording
        plain = original(value)
        if recording is not None:
            if isinstance(value, (list, tuple)):
                recording.stacked(value, plain)
            elif isinstance(value, _engine.Variable):
                recording.read(value, plain)
        if dtype is None or dtype == plain.dtype:
            return plain
        result = original(plain, dtype)
        if recording is not None:
            recording.call("cast", [plain], {"dtype": dtype}, result)
        return result

    return convert


def _reader(original: Any) -> Any:
    def read(self: Any) -> Any:
        tensor = original(self)
        if _active.recording is not None:
            _active.recording.read(self, tensor)
        return tensor

    return read


def _methods(owner: Any) -> Iterator[tuple[str, Any]]:
    for names, reflected in ((_BINARY, False), (_BINARY, True), (_COMPARISONS, False), (_UNARY, False)):
        for name, op in names.items():
            method = f"__r{name}__" if reflected else f"__{name}__"
            if method in vars(owner):
                yield method, _operator(getattr(owner, method), op, reflected)


def _operator(original: Any, op: str, reflected: bool) -> Any:
    def method(self: Any, *others: Any) -> Any:
        result = original(self, *others)
        if _active.recording is not None and result is not NotImplemented:
            inputs = (*others[:1], self) if reflected else (self, *others[:1])
            _active.recording.call(op, inputs, {}, result)
        return result

    return method
