"""Variables, constants, and numbers in and out of them."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

import rkeras
from rkeras import _engine, config, ops
from rkeras.keras_tensor import KerasTensor


def variable(value: Any, dtype: Any = None, name: str | None = None, constraint: Any = None) -> Any:
    """A variable with a first value.

    Example:
        >>> variable([1, 2]).dtype
        'float32'
    """
    result = rkeras.Variable(value, dtype=dtype or config.floatx(), name=name)
    result.constraint = constraint
    return result


def constant(value: Any, dtype: Any = None, shape: Any = None, name: str | None = None) -> Any:
    """A tensor of given numbers; a single one fills the shape.

    Example:
        >>> constant(2, shape=(2,)).tolist()
        [2.0, 2.0]
    """
    from rkeras.compat.tf import _creation

    return _creation.constant(value, dtype or config.floatx(), shape, name or "constant")


def zeros(shape: Any, dtype: Any = None, name: str | None = None) -> Any:
    """A variable of zeros.

    Example:
        >>> zeros((2,)).numpy().tolist()
        [0.0, 0.0]
    """
    return variable(ops.zeros(shape, dtype), dtype, name)


def ones(shape: Any, dtype: Any = None, name: str | None = None) -> Any:
    """A variable of ones.

    Example:
        >>> ones((2,)).numpy().tolist()
        [1.0, 1.0]
    """
    return variable(ops.ones(shape, dtype), dtype, name)


def eye(size: Any, dtype: Any = None, name: str | None = None) -> Any:
    """A variable with ones on its diagonal; ``size`` is one number or two.

    Example:
        >>> eye(2).numpy().tolist()
        [[1.0, 0.0], [0.0, 1.0]]
    """
    rows, columns = (size, size) if isinstance(size, int) else size
    return variable(ops.eye(rows, columns, dtype=dtype), dtype, name)


def placeholder(
    shape: Any = None, ndim: int | None = None, dtype: Any = None, sparse: bool = False, name: str | None = None
) -> Any:
    """A symbolic tensor, to be given values through ``K.function``.

    Args:
        shape: sizes with the batch axis, None where unknown.
        ndim: the number of axes, if there is no shape.
        dtype: the default float by default.
        sparse: False only.
        name: made up if not given.

    Example:
        >>> placeholder((None, 3)).shape
        (None, 3)
    """
    if shape is None:
        if ndim is None:
            raise ValueError("K.placeholder needs a shape or ndim")
        shape = (None,) * ndim
    return rkeras.Input(batch_shape=tuple(shape), dtype=dtype, sparse=sparse or None, name=name)


def get_value(x: Any) -> Any:
    """The numbers of a tensor or variable; anything else as it is.

    Example:
        >>> get_value(variable(2.0))
        array(2., dtype=float32)
    """
    return x.numpy() if isinstance(x, (_engine.Tensor, _engine.Variable)) else x


def eval(x: Any) -> Any:
    """The numbers of a tensor or variable.

    Example:
        >>> eval(variable([1.0]) * 2)
        array([2.], dtype=float32)
    """
    if isinstance(x, KerasTensor):
        raise ValueError(f"{x} has no numbers; K.function or a model computes it from values for its inputs")
    return get_value(x)


def set_value(x: Any, value: Any) -> None:
    """Replaces the value of a variable.

    Example:
        >>> v = variable(1.0)
        >>> set_value(v, 2.0)
        >>> float(v)
        2.0
    """
    if not isinstance(x, _engine.Variable):
        raise TypeError(f"K.set_value sets variables, got {x!r} (of type {type(x).__name__})")
    x.assign(value)  # type: ignore[attr-defined]


def batch_get_value(tensors: Iterable[Any]) -> list[Any]:
    """The numbers of several tensors or variables."""
    return [get_value(x) for x in tensors]


def batch_set_value(tuples: Iterable[tuple[Any, Any]]) -> None:
    """Replaces the values of several variables, given as pairs of variable and value."""
    for x, value in tuples:
        set_value(x, value)


def update(x: Any, new_x: Any) -> Any:
    """Replaces the value of a variable, and returns the new one."""
    return x.assign(new_x)


def update_add(x: Any, increment: Any) -> Any:
    """Adds to a variable, and returns the new value."""
    return x.assign_add(increment)


def update_sub(x: Any, decrement: Any) -> Any:
    """Subtracts from a variable, and returns the new value."""
    return x.assign_sub(decrement)


def moving_average_update(x: Any, value: Any, momentum: Any) -> Any:
    """Moves a variable towards a value: ``x * momentum + value * (1 - momentum)``.

    Example:
        >>> float(moving_average_update(variable(1.0), 3.0, 0.5))
        2.0
    """
    return x.assign_sub((x - ops.cast(value, x.dtype)) * (1.0 - momentum))


def cast_to_floatx(x: Any) -> Any:
    """An array or tensor in the default float dtype.

    Example:
        >>> cast_to_floatx(np.array([1, 2])).dtype
        dtype('float32')
    """
    if isinstance(x, (_engine.Tensor, _engine.Variable, KerasTensor)):
        return ops.cast(x, config.floatx())
    return np.asarray(x, config.floatx())


def int_shape(x: Any) -> tuple[int | None, ...]:
    """The sizes of the axes.

    Example:
        >>> int_shape(placeholder((None, 3)))
        (None, 3)
    """
    return ops.shape(x)


def count_params(x: Any) -> int:
    """The number of elements.

    Example:
        >>> count_params(zeros((2, 3)))
        6
    """
    return math.prod(n or 0 for n in ops.shape(x))


def is_variable(x: Any) -> bool:
    """Whether ``x`` is a variable."""
    return isinstance(x, _engine.Variable)


def is_placeholder(x: Any) -> bool:
    """Whether ``x`` is a symbolic tensor where a model begins."""
    from rkeras.graph import node_of

    node = node_of(x) if isinstance(x, KerasTensor) else None
    return node is not None and node.is_input


def is_sparse(tensor: Any) -> bool:
    """False: tensors are dense."""
    del tensor
    return False


def to_dense(tensor: Any) -> Any:
    """The tensor itself: it is dense."""
    return tensor


def stop_gradient(variables: Any) -> Any:
    """The same numbers, through which no derivative flows; of a tensor or a list of them."""
    if isinstance(variables, (list, tuple)):
        return [ops.stop_gradient(x) for x in variables]
    return ops.stop_gradient(variables)


def print_tensor(x: Any, message: str = "", summarize: int = 3) -> Any:
    """Prints a tensor and returns it.

    Example:
        >>> print_tensor(ops.ones(2), "x =").shape
        x = [1. 1.]
        (2,)
    """
    import sys

    from rkeras.compat.tf import _control

    del summarize
    _control.print(*([message] if message else []), x, output_stream=sys.stdout)
    return x
