"""Shapes as TensorFlow has them: as tuples with methods, and as tensors."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from rkeras import _engine, ops
from rkeras.compat.tf.dtypes import DType, as_dtype, float32, int32
from rkeras.keras_tensor import KerasTensor


class TensorShape(tuple[Any, ...]):
    """The sizes of a tensor's axes; None where unknown.

    Args:
        dims: a sequence of sizes, a size, or a shape.

    Example:
        >>> TensorShape([None, 3]).as_list(), TensorShape((2, 3)).num_elements()
        ([None, 3], 6)
    """

    __slots__ = ()

    def __new__(cls, dims: Any = ()) -> TensorShape:
        return super().__new__(cls, [dims] if isinstance(dims, int) else dims)

    @property
    def rank(self) -> int:
        """The number of axes."""
        return len(self)

    @property
    def ndims(self) -> int:
        """The number of axes."""
        return len(self)

    @property
    def dims(self) -> list[Any]:
        """The sizes."""
        return list(self)

    def as_list(self) -> list[Any]:
        """The sizes as a list."""
        return list(self)

    def is_fully_defined(self) -> bool:
        """Whether every size is known."""
        return None not in self

    def num_elements(self) -> int | None:
        """The product of the sizes; None if one is unknown."""
        return math.prod(self) if self.is_fully_defined() else None

    def concatenate(self, other: Any) -> TensorShape:
        """This shape followed by another one's sizes."""
        return type(self)((*self, *TensorShape(other)))

    def is_compatible_with(self, other: Any) -> bool:
        """Whether the sizes agree where both are known."""
        other = TensorShape(other)
        return len(self) == len(other) and all(
            a is None or b is None or a == b for a, b in zip(self, other, strict=True)
        )

    def assert_is_compatible_with(self, other: Any) -> None:
        """Raises ``ValueError`` unless the sizes agree where both are known."""
        if not self.is_compatible_with(other):
            raise ValueError(f"shapes {tuple(self)} and {tuple(other)} are incompatible")

    def __getitem__(self, key: Any) -> Any:
        part = tuple.__getitem__(self, key)
        return type(self)(part) if isinstance(key, slice) else part

    def __add__(self, other: Any) -> TensorShape:
        return self.concatenate(other)

    def __repr__(self) -> str:
        return f"TensorShape({list(self)})"


class StaticShape(TensorShape):
    """The shape of a tensor, which looks like the tuple that it is.

    Example:
        >>> StaticShape((2, 3)), StaticShape((None, 3)).as_list()
        ((2, 3), [None, 3])
    """

    __slots__ = ()

    __repr__ = tuple.__repr__
    __str__ = tuple.__repr__


class TensorSpec:
    """The shape and dtype that tensors are to have.

    Args:
        shape: sizes, None where any is right; None for any shape.
        dtype: their dtype.
        name: what they are called.

    Example:
        >>> TensorSpec([None, 2], "float32")
        TensorSpec(shape=(None, 2), dtype=tf.float32, name=None)
    """

    def __init__(self, shape: Any, dtype: Any = float32, name: str | None = None) -> None:
        self.shape = None if shape is None else TensorShape(shape)
        self.dtype: DType = as_dtype(dtype)
        self.name = name

    def __eq__(self, other: object) -> bool:
        return isinstance(other, TensorSpec) and (self.shape, self.dtype) == (other.shape, other.dtype)

    def __hash__(self) -> int:
        return hash((self.shape, self.dtype))

    def __repr__(self) -> str:
        shape = None if self.shape is None else tuple(self.shape)
        return f"TensorSpec(shape={shape}, dtype={self.dtype!r}, name={self.name!r})"


def sizes(shape: Any) -> list[int]:
    """The ints of a shape, which may be a tensor or contain tensors; -1 for a size that is unknown.

    Raises:
        ValueError: if more than one size is unknown.

    Example:
        >>> sizes(ops.convert_to_tensor([2, 3])), sizes((None, ops.convert_to_tensor(4)))
        ([2, 3], [-1, 4])
    """
    if isinstance(shape, (_engine.Tensor, _engine.Variable)):
        shape = shape.numpy().reshape(-1).tolist()
    elif isinstance(shape, int) or not hasattr(shape, "__iter__"):
        shape = [shape]
    result = [-1 if size is None else int(size) for size in shape]
    if result.count(-1) > 1:
        raise ValueError(
            f"the shape {shape} has more than one unknown size; shapes of symbolic tensors do not tell the size of "
            "a batch: compute this in the call of a layer, where it is known"
        )
    return result


def known_sizes(shape: Any) -> list[int]:
    """The ints of a shape that must be known.

    Raises:
        ValueError: if a size is unknown.
    """
    result = sizes(shape)
    if -1 in result:
        raise ValueError(
            f"the shape {result} has an unknown size (-1), but a tensor is to be made of it. Shapes of symbolic "
            "tensors do not tell the size of a batch: compute this in the call of a layer, where it is known"
        )
    return result


def shape(input: Any, out_type: Any = int32, name: str | None = None) -> Any:
    """The sizes of a tensor's axes as a tensor; of a symbolic tensor, as a tuple with None.

    Example:
        >>> shape([[1, 2]]).tolist()
        [1, 2]
    """
    del name
    if isinstance(input, KerasTensor):
        return TensorShape(input.shape)
    dims: Sequence[Any] = ops.shape(input)
    return _engine.convert(np.array(dims, "int64"), str(as_dtype(out_type)))


def rank(input: Any, name: str | None = None) -> Any:
    """The number of a tensor's axes.

    Example:
        >>> int(rank([[1, 2]]))
        2
    """
    del name
    return _engine.convert(ops.ndim(input), "int32")


def size(input: Any, out_type: Any = int32, name: str | None = None) -> Any:
    """The number of a tensor's elements.

    Example:
        >>> int(size([[1, 2]]))
        2
    """
    del name
    return _engine.convert(math.prod(ops.shape(input)), str(as_dtype(out_type)))
