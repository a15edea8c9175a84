"""Control flow, compiled functions, and contexts that mean nothing here."""

from __future__ import annotations

import builtins
import contextlib
import sys
from collections.abc import Callable, Iterator
from typing import Any

from rkeras import _engine, ops, tracing, tree


def function(func: Callable[..., Any] | None = None, **options: Any) -> Any:
    """Compiles a function of tensors; a decorator, with or without arguments.

    Args:
        func: the function.
        options: those of ``tf.function``, such as ``input_signature``, accepted and of no meaning.

    Returns:
        A callable with the same arguments.

    Example:
        >>> @function(input_signature=None)
        ... def double(x):
        ...     return x * 2
        >>> double(ops.ones(2)).tolist()
        [2.0, 2.0]
    """
    if func is None:
        return lambda wrapped: function(wrapped, **options)
    return tracing.function(func)


def cond(pred: Any, true_fn: Callable[[], Any], false_fn: Callable[[], Any], name: str | None = None) -> Any:
    """The result of one of two functions, by a condition.

    Example:
        >>> cond(True, lambda: 1, lambda: 2)
        1
    """
    del name
    return ops.cond(pred, true_fn, false_fn)


def while_loop(
    cond: Callable[..., Any],
    body: Callable[..., Any],
    loop_vars: Any,
    shape_invariants: Any = None,
    parallel_iterations: int = 10,
    back_prop: bool = True,
    swap_memory: bool = False,
    maximum_iterations: int | None = None,
    name: str | None = None,
) -> Any:
    """Repeats ``body`` while ``cond`` holds; see ``rkeras.ops.while_loop``.

    Example:
        >>> while_loop(lambda i: i < 3, lambda i: [i + 1], [0])
        [3]
    """
    del shape_invariants, parallel_iterations, back_prop, swap_memory, name
    result = ops.while_loop(cond, body, loop_vars, maximum_iterations)
    return list(result) if isinstance(loop_vars, list) else result


def map_fn(fn: Callable[[Any], Any], elems: Any, dtype: Any = None, **options: Any) -> Any:
    """Applies a function to each slice along the first axis.

    Args:
        fn: takes one slice, or a structure of slices.
        elems: a tensor or a structure of them.
        dtype: the dtype of the results; found from them if not given.
        options: those of ``tf.map_fn``, of which ``fn_output_signature`` stands for ``dtype``.

    Returns:
        The results stacked along a new first axis.

    Example:
        >>> map_fn(lambda x: x * 2, ops.arange(3)).tolist()
        [0, 2, 4]
    """
    kind = options.get("fn_output_signature", dtype)
    result = ops.map(fn, tree.map_structure(ops.convert_to_tensor, elems))
    return ops.cast(result, kind) if isinstance(kind, str) else result


def vectorized_map(fn: Callable[[Any], Any], elems: Any, **options: Any) -> Any:
    """Applies a function to each slice along the first axis; as ``map_fn``."""
    del options
    return map_fn(fn, elems)


def scan(
    fn: Callable[[Any, Any], Any], elems: Any, initializer: Any = None, reverse: bool = False, **options: Any
) -> Any:
    """Every intermediate value of a fold along the first axis.

    Args:
        fn: takes the value so far and one slice, gives the next value.
        elems: a tensor or a structure of them.
        initializer: the first value; the first slice if not given.
        reverse: from the end.
        options: those of ``tf.scan``, of no meaning.

    Returns:
        The values stacked along a new first axis.

    Example:
        >>> scan(lambda a, x: a + x, ops.arange(1, 4)).tolist()
        [1, 3, 6]
    """
    del options
    values = list(_fold(fn, elems, initializer, reverse))
    values = values[::-1] if reverse else values
    return tree.map_structure(lambda *parts: ops.stack([ops.convert_to_tensor(part) for part in parts]), *values)


def _fold(fn: Callable[[Any, Any], Any], elems: Any, initializer: Any, reverse: bool) -> Iterator[Any]:
    elems = tree.map_structure(ops.convert_to_tensor, elems)
    count = tree.flatten(elems)[0].shape[0]
    value = initializer
    for i in reversed(builtins.range(count)) if reverse else builtins.range(count):
        part = tree.map_structure(lambda x, i=i: x[i], elems)
        value = part if value is None else fn(value, part)
        yield value


def foldl(fn: Callable[[Any, Any], Any], elems: Any, initializer: Any = None, **options: Any) -> Any:
    """Combines slices along the first axis into one value, from the first on.

    Example:
        >>> int(foldl(lambda a, x: a - x, ops.arange(4)))
        -6
    """
    del options
    return list(_fold(fn, elems, initializer, False))[-1]


def foldr(fn: Callable[[Any, Any], Any], elems: Any, initializer: Any = None, **options: Any) -> Any:
    """Combines slices along the first axis into one value, from the last on.

    Example:
        >>> int(foldr(lambda a, x: a - x, ops.arange(4)))
        0
    """
    del options
    return list(_fold(fn, elems, initializer, True))[-1]


def py_function(func: Callable[..., Any], inp: Any, Tout: Any, name: str | None = None) -> Any:
    """Calls a Python function of tensors.

    Example:
        >>> float(py_function(lambda x: x + 1, [1.0], "float32"))
        2.0
    """
    del name
    return _called(func, [ops.convert_to_tensor(x) for x in inp], Tout)


def numpy_function(
    func: Callable[..., Any], inp: Any, Tout: Any, stateful: bool = True, name: str | None = None
) -> Any:
    """Calls a Python function of arrays.

    Example:
        >>> float(numpy_function(lambda x: x.sum(), [[1.0, 2.0]], "float32"))
        3.0
    """
    del stateful, name
    return _called(func, [ops.convert_to_numpy(ops.convert_to_tensor(x)) for x in inp], Tout)


def _called(func: Callable[..., Any], arguments: list[Any], dtypes: Any) -> Any:
    result = func(*arguments)
    if isinstance(dtypes, (list, tuple)):
        return [ops.convert_to_tensor(part, str(kind)) for part, kind in zip(result, dtypes, strict=True)]
    return ops.convert_to_tensor(result, str(dtypes))


def print(*inputs: Any, output_stream: Any = None, sep: str = " ", end: str = "\n", **options: Any) -> None:
    """Prints the numbers of tensors, and other objects as they are, on standard error by default.

    Inside a compiled function the numbers are not known yet, so the function then runs uncompiled.

    Example:
        >>> print("x", ops.ones(2), output_stream=sys.stdout)
        x [1. 1.]
    """
    del options
    shown = [x.numpy() if isinstance(x, (_engine.Tensor, _engine.Variable)) else x for x in inputs]
    builtins.print(*shown, sep=sep, end=end, file=output_stream or sys.stderr)


def executing_eagerly() -> bool:
    """Whether ops give numbers at once: not inside a function that is being compiled."""
    return not _engine.trace_active()


def group(*inputs: Any, **options: Any) -> None:
    """Nothing: ops have run by the time they are passed."""


def no_op(name: str | None = None) -> None:
    """Nothing."""


@contextlib.contextmanager
def device(device_name: Any) -> Iterator[None]:
    """A context that changes nothing: there is one device."""
    del device_name
    yield


@contextlib.contextmanager
def control_dependencies(control_inputs: Any) -> Iterator[None]:
    """A context that changes nothing: ops run in the order they are written in."""
    del control_inputs
    yield


@contextlib.contextmanager
def init_scope() -> Iterator[None]:
    """A context whose ops run at once although a function is being compiled."""
    with tracing.eager_scope():
        yield


def get_logger() -> Any:
    """The logger that is called ``tensorflow``."""
    import logging

    return logging.getLogger("tensorflow")
