"""Choices and loops."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rkeras import _engine, tree
from rkeras.ops._dispatch import symbolic
from rkeras.ops.joining import stack

__all__ = ["cond", "fori_loop", "map", "scan", "vectorized_map", "while_loop"]


@symbolic
def cond(pred: Any, true_fn: Callable[[], Any], false_fn: Callable[[], Any]) -> Any:
    """One of two results, by a condition that may be traced.

    Args:
        pred: bool scalar.
        true_fn: called without arguments.
        false_fn: called without arguments; gives the same structure, shapes and dtypes.

    Returns:
        What the chosen function returns. Inside a trace both are computed and the result is selected.

    Example:
        >>> import rkeras
        >>> float(rkeras.ops.cond(True, lambda: 1.0, lambda: 2.0))
        1.0
    """
    if not getattr(pred, "is_traced", False):
        return true_fn() if bool(pred) else false_fn()
    return tree.map_structure(lambda a, b: _engine.apply("where", pred, a, b), true_fn(), false_fn())


def while_loop(
    cond: Callable[..., Any], body: Callable[..., Any], loop_vars: Any, maximum_iterations: int | None = None
) -> Any:
    """Repeats ``body`` while ``cond`` holds.

    Args:
        cond: takes the loop variables, gives a bool.
        body: takes the loop variables, gives new ones.
        loop_vars: their first values.
        maximum_iterations: a limit.

    Returns:
        The last values. A condition on traced numbers cannot be followed and raises ``TracedValueError``.

    Example:
        >>> import rkeras
        >>> rkeras.ops.while_loop(lambda i: i < 3, lambda i: (i + 1,), (0,))
        (3,)
    """
    single = not isinstance(loop_vars, (tuple, list))
    values: tuple[Any, ...] = (loop_vars,) if single else tuple(loop_vars)
    count = 0
    while (maximum_iterations is None or count < maximum_iterations) and bool(cond(*values)):
        result = body(*values)
        values = tuple(result) if isinstance(result, (tuple, list)) else (result,)
        count += 1
    return values[0] if single else values


def fori_loop(lower: int, upper: int, body_fun: Callable[[int, Any], Any], init_val: Any) -> Any:
    """Repeats ``body_fun`` with a counter.

    Args:
        lower: first value of the counter.
        upper: where it ends.
        body_fun: takes counter and value, gives the next value.
        init_val: the first value.

    Returns:
        The last value.

    Example:
        >>> import rkeras
        >>> rkeras.ops.fori_loop(0, 4, lambda i, s: s + i, 0)
        6
    """
    for i in range(int(lower), int(upper)):
        init_val = body_fun(i, init_val)
    return init_val


@symbolic
def scan(
    f: Callable[[Any, Any], tuple[Any, Any]],
    init: Any,
    xs: Any = None,
    length: int | None = None,
    reverse: bool = False,
    unroll: int = 1,
) -> tuple[Any, Any]:
    """Carries a value along the first axis.

    Args:
        f: takes the carried value and one slice, gives the next value and an output.
        init: the first value.
        xs: tensors whose first axes are stepped along.
        length: number of steps if there is no ``xs``.
        reverse: from the end.
        unroll: accepted for compatibility.

    Returns:
        (last carried value, outputs stacked along a new first axis).

    Example:
        >>> import rkeras
        >>> last, sums = rkeras.ops.scan(lambda c, x: (c + x, c + x), 0.0, rkeras.ops.ones(3))
        >>> sums.tolist()
        [1.0, 2.0, 3.0]
    """
    leaves = tree.flatten(xs) if xs is not None else []
    count = leaves[0].shape[0] if leaves else int(length or 0)
    outputs = []
    for i in reversed(range(count)) if reverse else range(count):
        step = None if xs is None else tree.map_structure(lambda x, i=i: x[i], xs)
        init, y = f(init, step)
        outputs.append(y)
    if reverse:
        outputs.reverse()
    if not outputs or outputs[0] is None:
        return init, None
    return init, tree.map_structure(lambda *ys: stack([_engine.convert(y) for y in ys]), *outputs)


@symbolic
def map(f: Callable[[Any], Any], xs: Any) -> Any:
    """Applies a function to each slice along the first axis.

    Args:
        f: takes one slice.
        xs: tensors.

    Returns:
        The results stacked along a new first axis.

    Example:
        >>> import rkeras
        >>> rkeras.ops.map(lambda x: x * 2, rkeras.ops.arange(3)).tolist()
        [0, 2, 4]
    """
    return scan(lambda carry, x: (carry, f(x)), (), xs)[1]


def vectorized_map(function: Callable[[Any], Any], elements: Any) -> Any:
    """Applies a function to each slice along the first axis; another name of ``map``.

    Args:
        function: takes one slice.
        elements: tensors.

    Returns:
        The results stacked along a new first axis.

    Example:
        >>> import rkeras
        >>> rkeras.ops.vectorized_map(lambda x: x + 1, rkeras.ops.arange(3)).tolist()
        [1, 2, 3]
    """
    return map(function, elements)
