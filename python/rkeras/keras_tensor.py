"""Symbolic tensors: what layers are called on to build a functional model."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any

from rkeras.dtype_policies import standardize_dtype
from rkeras.naming import auto_name

Shape = tuple[int | None, ...]


def standardize_shape(shape: Any) -> Shape:
    """A shape as a tuple of ints and Nones.

    Args:
        shape: a list or tuple; a single int stands for one axis.

    Raises:
        ValueError: if it is no shape, or an axis is negative.

    Example:
        >>> standardize_shape([None, 3])
        (None, 3)
    """
    if isinstance(shape, int):
        shape = (shape,)
    if not isinstance(shape, (list, tuple)):
        raise ValueError(
            f"a shape must be a tuple of ints or None, got {shape!r} (of type {type(shape).__name__})"
        )
    dims: list[int | None] = []
    for dim in shape:
        if dim is None:
            dims.append(None)
            continue
        try:
            size = operator.index(dim)
        except TypeError:
            raise ValueError(f"a shape must be a tuple of ints or None, got {tuple(shape)!r}") from None
        if size < 0:
            raise ValueError(
                f"a shape cannot have negative axes, got {tuple(shape)!r}; use None for an unknown size"
            )
        dims.append(size)
    return tuple(dims)


class KerasTensor:
    """A tensor that has a shape and a dtype, but no numbers.

    Args:
        shape: sizes of the axes, None where unknown.
        dtype: the element type.
        name: made up if not given.

    Example:
        >>> KerasTensor((None, 3), name="x")
        <KerasTensor shape=(None, 3), dtype=float32, sparse=False, name=x>
    """

    # Tells the engine's operators to let `tensor + keras_tensor` reach this class.
    __rkeras_symbolic__ = True
    # The same for NumPy arrays.
    __array_ufunc__ = None

    _keras_history: Any
    _keras_mask: KerasTensor | None

    def __init__(
        self,
        shape: Sequence[int | None],
        dtype: Any = "float32",
        sparse: bool | None = False,
        ragged: bool | None = False,
        record_history: bool = True,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        del kwargs
        if sparse or ragged:
            raise ValueError("sparse and ragged tensors are not supported; pass dense (padded) data")
        self._shape = standardize_shape(shape)
        # Text is no dtype of tensors, but layers such as TextVectorization take arrays of it.
        self._dtype = "string" if dtype == "string" else standardize_dtype(dtype)
        self._sparse = sparse
        self.name = name or auto_name(type(self).__name__)
        self.record_history = record_history

    @property
    def shape(self) -> Shape:
        """Sizes of the axes, None where unknown."""
        return self._shape

    @property
    def dtype(self) -> str:
        """The element type."""
        return self._dtype

    @property
    def sparse(self) -> bool | None:
        """Always false: tensors are dense."""
        return self._sparse

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self._shape)

    def reshape(self, newshape: Any) -> Any:
        """This tensor with another shape."""
        return _op("reshape")(self, newshape)

    def squeeze(self, axis: Any = None) -> Any:
        """This tensor without axes of size one."""
        return _op("squeeze")(self, axis=axis)

    def __repr__(self) -> str:
        return f"<KerasTensor shape={self.shape}, dtype={self.dtype}, sparse={self.sparse}, name={self.name}>"

    def __getitem__(self, key: Any) -> Any:
        return _op("get_item")(self, key)

    def _no_value(self, what: str) -> TypeError:
        return TypeError(
            f"the symbolic tensor {self.name!r} with shape {self.shape} has no numbers, so it cannot {what}. "
            "It stands for data that a model will be given; compute on it with layers or rkeras.ops, "
            "and call the model on data to get numbers."
        )

    def __iter__(self) -> Any:
        raise self._no_value("be iterated over")

    def __bool__(self) -> bool:
        raise self._no_value("be used as a Python bool")

    def __float__(self) -> float:
        raise self._no_value("become a Python float")

    def __int__(self) -> int:
        raise self._no_value("become a Python int")

    def __index__(self) -> int:
        raise self._no_value("be used as an index")

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        raise self._no_value("become a NumPy array")


def _op(name: str) -> Callable[..., Any]:
    from rkeras import ops

    function: Callable[..., Any] = getattr(ops, name)
    return function


# Equality stays identity, so that symbolic tensors can be looked for in lists and dicts.
_BINARY = {
    "add": "add",
    "sub": "subtract",
    "mul": "multiply",
    "truediv": "divide",
    "floordiv": "floor_divide",
    "mod": "mod",
    "pow": "power",
    "matmul": "matmul",
    "and": "logical_and",
    "or": "logical_or",
    "xor": "logical_xor",
}
_COMPARE = {"lt": "less", "le": "less_equal", "gt": "greater", "ge": "greater_equal", "ne": "not_equal"}
_UNARY = {"neg": "negative", "abs": "absolute", "invert": "logical_not"}


def _binary(name: str, swapped: bool) -> Callable[[Any, Any], Any]:
    def method(self: Any, other: Any) -> Any:
        return _op(name)(other, self) if swapped else _op(name)(self, other)

    return method


def _unary(name: str) -> Callable[[Any], Any]:
    def method(self: Any) -> Any:
        return _op(name)(self)

    return method


for _symbol, _name in _BINARY.items():
    setattr(KerasTensor, f"__{_symbol}__", _binary(_name, False))
    setattr(KerasTensor, f"__r{_symbol}__", _binary(_name, True))
for _symbol, _name in _COMPARE.items():
    setattr(KerasTensor, f"__{_symbol}__", _binary(_name, False))
for _symbol, _name in _UNARY.items():
    setattr(KerasTensor, f"__{_symbol}__", _unary(_name))


def is_keras_tensor(x: Any) -> bool:
    """Whether ``x`` is a symbolic tensor."""
    return isinstance(x, KerasTensor)
