"""Compiling Python functions of tensors: trace once for each kind of arguments, then run the plan."""

from __future__ import annotations

import functools
import os
import threading
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any

import numpy as np

from rkeras import _engine, tree

_PACKAGE = os.path.dirname(os.path.abspath(__file__)) + os.sep


class eager_scope:
    """A context whose ops run at once although a trace is on; layers are built in it."""

    _suspended = False

    def __enter__(self) -> None:
        if _engine.trace_active():
            _engine.suspend_trace()
            self._suspended = True

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._suspended:
            self._suspended = False
            _engine.resume_trace()


class _EagerMode(threading.local):
    """Whether functions run uncompiled, how many tapes record and which, and whether only common ops are wanted."""

    def __init__(self) -> None:
        self.run_eagerly = False
        self.tapes = 0
        self.recording: list[Any] = []
        # Layers do without ops that other programs do not know: the model is being exported.
        self.common_ops = False


mode = _EagerMode()


@contextmanager
def run_functions_eagerly(eager: bool = True) -> Iterator[None]:
    """A context in which compiled functions run as plain Python, for debugging."""
    outer, mode.run_eagerly = mode.run_eagerly, eager
    try:
        yield
    finally:
        mode.run_eagerly = outer


def blamed_line(error: BaseException) -> str:
    """``file:line: code`` of the user's line that an error comes from."""
    frames = traceback.extract_tb(error.__traceback__)
    outside = [frame for frame in frames if not frame.filename.startswith(_PACKAGE)]
    frame = (outside or list(frames))[-1]
    return f"{frame.filename}:{frame.lineno}: {frame.line}"


class TracedFunction:
    """One plan and how its arguments and results map to Python structures.

    Args:
        fn: the function.
        args: arguments of the kind the plan is for.
        kwargs: likewise.
    """

    def __init__(self, fn: Callable[..., Any], args: Any, kwargs: Any) -> None:
        trace = _engine.Trace()
        try:

            def lift(leaf: Any) -> Any:
                if is_tensor_like(leaf):
                    return trace.argument(list(leaf.shape), _dtype_of(leaf))
                return leaf

            args, kwargs = tree.map_structure(lift, (args, kwargs))
            result = fn(*args, **kwargs)
            leaves = tree.flatten(result)
            # Results that are no tensors are the same in every run.
            self._positions = [i for i, leaf in enumerate(leaves) if _is_value(leaf)]
            self._template = [None if _is_value(leaf) else leaf for leaf in leaves]
            values = [
                leaf.read() if isinstance(leaf, _engine.Variable) else leaf
                for leaf in leaves
                if _is_value(leaf)
            ]
            self._structure = result if tree.is_nested(result) else None
            if self._structure is not None:
                # Keeping the form only: the traced values hold on to the whole trace.
                self._structure = tree.map_structure(lambda _: None, self._structure)
        except BaseException:
            trace.cancel()
            raise
        self.plan = trace.finish(values)

    def __call__(self, tensors: list[Any]) -> Any:
        """Runs the plan on the tensors among the arguments, in order."""
        outputs = self.plan.run(tensors)
        if self._structure is None:
            return outputs[0] if self._positions else self._template[0]
        leaves = list(self._template)
        for position, output in zip(self._positions, outputs, strict=True):
            leaves[position] = output
        return tree.pack_sequence_as(self._structure, leaves)


def is_tensor_like(x: Any) -> bool:
    """Whether a function takes ``x`` as data, rather than as a constant to specialise on."""
    return isinstance(x, (_engine.Tensor, np.ndarray))


def _is_value(x: Any) -> bool:
    return isinstance(x, (_engine.Tensor, _engine.Variable, np.ndarray, np.generic))


def _dtype_of(x: Any) -> str:
    return x.dtype if isinstance(x.dtype, str) else x.dtype.name


class CompiledFunction:
    """A function that is traced for each kind of arguments and then runs without Python.

    Use :func:`function` to make one. ``plans`` holds what was compiled so far.
    """

    def __init__(self, fn: Callable[..., Any]) -> None:
        self._fn = fn
        self._eager_because: str | None = None
        self.plans: dict[Any, TracedFunction] = {}
        functools.update_wrapper(self, fn)

    @property
    def python_function(self) -> Callable[..., Any]:
        """The function as written."""
        return self._fn

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        if instance is None:
            return self
        # One set of plans an instance: a method's plans depend on the state of its object.
        bound = CompiledFunction(self._fn.__get__(instance, owner))
        instance.__dict__[self._fn.__name__] = bound
        return bound

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Calls the function, compiled where that gives the same result."""
        if self._eager_because or mode.run_eagerly or mode.tapes or _engine.trace_active():
            # A surrounding trace takes the ops in; a tape has to see each of them.
            return self._fn(*args, **kwargs)
        tensors: list[Any] = []
        key = _key((args, kwargs), tensors)
        traced = self.plans.get(key)
        if traced is None:
            if any(isinstance(t, _engine.Tensor) and t.is_traced for t in tensors):
                return self._fn(*args, **kwargs)
            try:
                traced = TracedFunction(self._fn, args, kwargs)
            except _engine.TracedValueError as error:
                self._eager_because = blamed_line(error)
                warnings.warn(
                    f"{getattr(self._fn, '__name__', self._fn)} needs the numbers of a tensor in Python and "
                    "therefore "
                    f"runs uncompiled, because of\n  {self._eager_because}\n{error}",
                    stacklevel=2,
                )
                return self._fn(*args, **kwargs)
            self.plans[key] = traced
        return traced(tensors)


def _key(structure: Any, tensors: list[Any]) -> Any:
    """A hashable description of arguments; collects the tensors among them on the way."""
    if is_tensor_like(structure):
        tensors.append(structure)
        return (tuple(structure.shape), _dtype_of(structure))
    if isinstance(structure, dict):
        keys = tuple(tree._keys(structure))
        return (dict, keys, *(_key(structure[k], tensors) for k in keys))
    if isinstance(structure, (list, tuple)):
        return (type(structure), *(_key(child, tensors) for child in structure))
    if isinstance(structure, (int, float, bool, str, bytes, type(None))):
        # 1, 1.0 and True are equal, and are different constants.
        return (type(structure), structure)
    # Other objects count as the same while they are the same object; the key keeps them alive.
    return _Identity(structure)


class _Identity:
    __slots__ = ("object",)

    def __init__(self, object: Any) -> None:
        self.object = object

    def __hash__(self) -> int:
        return id(self.object)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Identity) and other.object is self.object


def function(
    fn: Callable[..., Any] | None = None,
    *,
    input_signature: Any = None,
    autograph: bool = True,
    jit_compile: bool | None = None,
    reduce_retracing: bool = False,
    name: str | None = None,
) -> Any:
    """Compiles a function of tensors; use it as a decorator.

    The Python code runs once for each set of argument structures, shapes, dtypes and values of plain Python
    arguments. Variables that it reads and assigns are read and assigned by every run.

    Args:
        fn: the function. Where it needs a tensor's numbers in Python (``if x > 0``), it runs uncompiled,
            with one warning that says where.
        input_signature: accepted for the sake of older code; kinds of arguments are found by calling.
        autograph: likewise.
        jit_compile: likewise.
        reduce_retracing: likewise.
        name: likewise.

    Returns:
        A callable with the same arguments.

    Example:
        >>> @function
        ... def double(x):
        ...     return x * 2
        >>> double(np.array([1.0, 2.0], "float32")).tolist()
        [2.0, 4.0]
    """
    del input_signature, autograph, jit_compile, reduce_retracing, name
    if fn is None:
        return CompiledFunction
    return CompiledFunction(fn)
