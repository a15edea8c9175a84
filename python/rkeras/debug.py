"""Looking at what a function or a model was compiled to."""

from __future__ import annotations

from typing import Any

from rkeras.tracing import CompiledFunction, TracedFunction


def traced(target: Any, *args: Any, **kwargs: Any) -> TracedFunction:
    """Compiles a function, or a model's forward pass, for these arguments.

    Args:
        target: a function (compiled or not) or a layer.
        args: arguments of the kind to compile for.
        kwargs: likewise.
    """
    fn = target.python_function if isinstance(target, CompiledFunction) else target
    return TracedFunction(fn, args, kwargs)


def graph(target: Any, *args: Any, **kwargs: Any) -> str:
    """The optimised graph of a function or layer for these arguments, as text.

    Example:
        >>> import numpy as np
        >>> "multiply" in graph(lambda x: x * x, np.ones(3, "float32"))
        True
    """
    return traced(target, *args, **kwargs).plan.graph()


def plan(target: Any, *args: Any, **kwargs: Any) -> str:
    """The kernel calls of a function or layer for these arguments, with where operands live, as text."""
    compiled = traced(target, *args, **kwargs).plan
    size = f"{compiled.step_count} steps, {compiled.arena_bytes} bytes of intermediate values"
    return f"{compiled.describe()}\n{size}"
