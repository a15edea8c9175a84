"""What makes a function an op of the functional API."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar, cast

from rkeras.keras_tensor import KerasTensor
from rkeras.symbolic import any_symbolic

F = TypeVar("F", bound=Callable[..., Any])

# Public ops by name, to find them again when a saved model mentions them.
SYMBOLIC_OPS: dict[str, Callable[..., Any]] = {}


def symbolic(fn: F) -> F:
    """Makes a function of tensors callable with symbolic tensors: the call then becomes a node of the model.

    Example:
        >>> @symbolic
        ... def twice(x):
        ...     return x * 2
        >>> twice(KerasTensor((None, 3))).shape
        (None, 3)
    """
    name = fn.__name__

    @functools.wraps(fn)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        for arg in args:
            if arg.__class__ is KerasTensor or (isinstance(arg, (list, tuple, dict)) and any_symbolic(arg)):
                break
        else:
            if not kwargs or not any_symbolic(kwargs):
                return fn(*args, **kwargs)
        return _record(name, fn, args, kwargs)

    SYMBOLIC_OPS[name] = wrapper
    return cast(F, wrapper)


def _record(name: str, fn: Callable[..., Any], args: Any, kwargs: Any) -> Any:
    from rkeras.operation import OpCall

    return OpCall(name, fn)(*args, **kwargs)
