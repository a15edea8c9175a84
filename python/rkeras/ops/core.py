"""Tensors in and out, their dtypes and sizes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from rkeras import _engine
from rkeras.ops._dispatch import symbolic

__all__ = [
    "array", "cast", "convert_to_numpy", "convert_to_tensor", "copy", "dtype", "dtype_name", "dtype_range",
    "is_tensor", "ndim", "result_type", "saturate_cast", "shape", "size", "stop_gradient",
]  # fmt: skip


@symbolic
def cast(x: Any, dtype: str) -> Any:
    """Changes the dtype.

    Args:
        x: tensor.
        dtype: the dtype wanted; floats become integers by truncation, anything but 0 is True.

    Returns:
        A tensor of the same shape.

    Example:
        >>> import rkeras
        >>> rkeras.ops.cast([1.7, -1.7], "int32").tolist()
        [1, -1]
    """
    return _engine.apply("cast", x, dtype=dtype_name(dtype))


def dtype_name(dtype: Any) -> str:
    """The name of a dtype given as name, NumPy dtype, or Python type.

    Args:
        dtype: ``"float32"``, ``np.float32``, ``np.dtype("float32")``, ``float``, ``int`` or ``bool``.

    Returns:
        The name.

    Example:
        >>> dtype_name(float), dtype_name(np.int8)
        ('float32', 'int8')
    """
    if isinstance(dtype, str):
        return dtype
    if dtype is float:
        return _engine.floatx()
    if dtype is int:
        return "int32"
    return getattr(dtype, "name", None) or str(np.dtype(dtype).name)


def dtype_range(name: str) -> tuple[float, float]:
    """The least and the largest finite number of a dtype.

    Args:
        name: of an integer or float dtype.

    Returns:
        (least, largest).

    Example:
        >>> dtype_range("uint8")
        (0.0, 255.0)
    """
    import ml_dtypes

    info: Any = (ml_dtypes.iinfo if "int" in name else ml_dtypes.finfo)(name)
    return float(info.min), float(info.max)


@symbolic
def saturate_cast(x: Any, dtype: str) -> Any:
    """Changes the dtype and limits the numbers to its range.

    Args:
        x: tensor.
        dtype: the dtype wanted.

    Returns:
        A tensor of the same shape.

    Example:
        >>> import rkeras
        >>> rkeras.ops.saturate_cast([300.0, -5.0], "uint8").tolist()
        [255, 0]
    """
    x, name = _engine.convert(x), dtype_name(dtype)
    if name == "bool" or x.dtype == "bool":
        return _engine.apply("cast", x, dtype=name)
    (least, most), (own_least, own_most) = dtype_range(name), dtype_range(x.dtype)
    low, high = max(least, own_least), min(most, own_most)
    return _engine.apply("cast", _engine.apply("clip", x, low=low, high=high), dtype=name)


def convert_to_tensor(x: Any, dtype: str | None = None, sparse: bool | None = None, ragged: bool | None = None) -> Any:
    """A tensor of what holds numbers.

    Args:
        x: an array, a number, nested lists, a tensor or a variable.
        dtype: the dtype wanted; that of ``x`` by default (float32 and int32 for Python numbers).
        sparse: accepted for compatibility; tensors are dense.
        ragged: accepted for compatibility; tensors are rectangular.

    Returns:
        A tensor; symbolic tensors are returned as they are.

    Raises:
        TypeError: ``x`` holds no numbers.

    Example:
        >>> import rkeras
        >>> rkeras.ops.convert_to_tensor([1, 2]).dtype
        'int32'
    """
    if getattr(x, "__rkeras_symbolic__", False):
        return x if dtype is None or x.dtype == dtype_name(dtype) else cast(x, dtype)
    return _engine.convert(x, None if dtype is None else dtype_name(dtype))


def convert_to_numpy(x: Any) -> npt.NDArray[Any]:
    """A NumPy array with the numbers of a tensor.

    Args:
        x: tensor, variable or array.

    Returns:
        An array.

    Raises:
        TracedValueError: ``x`` is being traced and has no numbers yet.

    Example:
        >>> import rkeras
        >>> rkeras.ops.convert_to_numpy(rkeras.ops.ones(2))
        array([1., 1.], dtype=float32)
    """
    return x.numpy() if isinstance(x, (_engine.Tensor, _engine.Variable)) else np.asarray(x)


def array(x: Any, dtype: str | None = None) -> Any:
    """A tensor of what holds numbers; another name of ``convert_to_tensor``.

    Args:
        x: an array, a number, nested lists or a tensor.
        dtype: the dtype wanted.

    Returns:
        A tensor.

    Example:
        >>> import rkeras
        >>> rkeras.ops.array([1.0, 2.0]).shape
        (2,)
    """
    return convert_to_tensor(x, dtype)


def is_tensor(x: Any) -> bool:
    """Whether ``x`` is a tensor.

    Args:
        x: anything.

    Returns:
        True for tensors (traced ones too), False for arrays, variables, symbolic tensors.

    Example:
        >>> import rkeras
        >>> rkeras.ops.is_tensor(rkeras.ops.ones(1)), rkeras.ops.is_tensor([1])
        (True, False)
    """
    return isinstance(x, _engine.Tensor)


def shape(x: Any) -> tuple[int | None, ...]:
    """The sizes of the axes.

    Args:
        x: tensor, variable, symbolic tensor or array.

    Returns:
        A tuple; None for an axis of a symbolic tensor whose size is open.

    Example:
        >>> import rkeras
        >>> rkeras.ops.shape(rkeras.ops.ones((2, 3)))
        (2, 3)
    """
    return tuple(x.shape) if hasattr(x, "shape") else _engine.convert(x).shape


def ndim(x: Any) -> int:
    """The number of axes.

    Args:
        x: tensor, variable, symbolic tensor or array.

    Returns:
        The rank.

    Example:
        >>> import rkeras
        >>> rkeras.ops.ndim([[1, 2]])
        2
    """
    return len(shape(x))


def size(x: Any) -> int | None:
    """The number of elements.

    Args:
        x: tensor, variable, symbolic tensor or array.

    Returns:
        The product of the sizes; None if one is open.

    Example:
        >>> import rkeras
        >>> rkeras.ops.size([[1, 2]])
        2
    """
    total = 1
    for n in shape(x):
        if n is None:
            return None
        total *= n
    return total


def dtype(x: Any) -> str:
    """The name of the dtype.

    Args:
        x: tensor, variable, symbolic tensor or array.

    Returns:
        The name.

    Example:
        >>> import rkeras
        >>> rkeras.ops.dtype(rkeras.ops.ones(1))
        'float32'
    """
    return dtype_name(x.dtype) if hasattr(x, "dtype") else _engine.convert(x).dtype


@symbolic
def copy(x: Any) -> Any:
    """The same numbers in memory of their own.

    Args:
        x: tensor.

    Returns:
        A tensor.

    Example:
        >>> import rkeras
        >>> rkeras.ops.copy([1, 2]).tolist()
        [1, 2]
    """
    return _engine.apply("copy", x)


@symbolic
def stop_gradient(variable: Any) -> Any:
    """The same numbers, through which no derivative flows.

    Args:
        variable: tensor or variable.

    Returns:
        A tensor.

    Example:
        >>> import rkeras
        >>> rkeras.ops.stop_gradient([1.0]).tolist()
        [1.0]
    """
    return _engine.apply("stop_gradient", variable)


def result_type(*dtypes: Any) -> str:
    """The dtype in which operands of several dtypes meet.

    Args:
        dtypes: names, dtypes, or the Python types ``int`` and ``float`` for scalars, which do not widen.

    Returns:
        The name of the common dtype.

    Example:
        >>> import rkeras
        >>> rkeras.ops.result_type("int8", "float32"), rkeras.ops.result_type("bfloat16", float)
        ('float32', 'bfloat16')
    """
    scalars: dict[Any, str] = {int: "int", float: "float", bool: "bool_scalar"}
    names: Sequence[str] = [scalars[d] if d in scalars else dtype_name(d) for d in dtypes]
    return _engine.result_type(names)
