"""``tf.dtypes``: dtypes that are the names rkeras uses, with the attributes TensorFlow's have."""

from __future__ import annotations

import builtins
from typing import Any

import numpy as np

from rkeras import ops
from rkeras.dtype_policies import standardize_dtype

_INTEGERS = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")
_FLOATS = ("bfloat16", "float16", "float32", "float64")
NAMES = ("bool", "string", *_FLOATS, *_INTEGERS)


class DType(str):
    """The name of a dtype, with more attributes.

    Example:
        >>> DType("float32") == "float32", DType("float32").name, DType("int8").max
        (True, 'float32', 127)
    """

    __slots__ = ()

    @property
    def name(self) -> str:
        """The plain name."""
        return str.__str__(self)

    @property
    def as_numpy_dtype(self) -> Any:
        """The NumPy type of such elements."""
        if self == "string":
            return object
        return np.dtype(_numpy_name(self.name)).type

    @property
    def base_dtype(self) -> DType:
        """Itself."""
        return self

    @property
    def is_floating(self) -> builtins.bool:
        """Whether it is a float."""
        return self.name in _FLOATS

    @property
    def is_integer(self) -> builtins.bool:
        """Whether it is an integer."""
        return self.name in _INTEGERS

    @property
    def is_bool(self) -> builtins.bool:
        """Whether it is the dtype of truth values."""
        return self.name == "bool"

    @property
    def min(self) -> Any:
        """The least finite number."""
        return self._limit(0)

    @property
    def max(self) -> Any:  # noqa: D102
        return self._limit(1)

    @property
    def size(self) -> int:
        """Bytes of an element."""
        return int(np.dtype(_numpy_name(self.name)).itemsize)

    def _limit(self, which: int) -> Any:
        limit = ops.dtype_range(self.name)[which]
        return int(limit) if self.is_integer else limit

    def __eq__(self, other: object) -> builtins.bool:
        return str.__eq__(self, other) if isinstance(other, str) else self.name == _name_or_none(other)

    def __ne__(self, other: object) -> builtins.bool:
        return not self == other

    __hash__ = str.__hash__

    def __repr__(self) -> str:
        return f"tf.{self.name}"


def _numpy_name(name: str) -> Any:
    if name == "bfloat16":
        import ml_dtypes

        return ml_dtypes.bfloat16
    return name


def _name_or_none(dtype: Any) -> str | None:
    try:
        return None if dtype is None else standardize_dtype(dtype)
    except ValueError:
        return None


def as_dtype(type_value: Any) -> DType:
    """The dtype of a name, NumPy dtype or Python type.

    Raises:
        ValueError: there is no such dtype.

    Example:
        >>> as_dtype(float), as_dtype(np.int64), as_dtype("bool")
        (tf.float32, tf.int64, tf.bool)
    """
    if type_value in (str, bytes, "string"):
        return string
    return DType(standardize_dtype(type_value))


bfloat16, float16, float32, float64 = (DType(name) for name in _FLOATS)
half, double = float16, float64
int8, int16, int32, int64, uint8, uint16, uint32, uint64 = (DType(name) for name in _INTEGERS)
bool = DType("bool")
string = DType("string")


def cast(x: Any, dtype: Any, name: str | None = None) -> Any:
    """Changes the dtype of a tensor.

    Example:
        >>> cast([1.5], int32).tolist()
        [1]
    """
    del name
    return ops.cast(x, as_dtype(dtype))
