"""Variables: the weights of layers and all other state."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from rkeras import _engine
from rkeras.build_budget import charge
from rkeras.dtype_policies import standardize_dtype
from rkeras.keras_tensor import standardize_shape
from rkeras.naming import auto_name, current_path
from rkeras.tracing import eager_scope

_AGGREGATIONS = (None, "none", "mean", "sum", "only_first_replica")


class Variable(_engine.Variable):
    """A tensor that can be assigned to.

    Args:
        initializer: the first value (array, number, tensor), or an initializer or its name.
        shape: the shape, needed with an initializer.
        dtype: the dtype; that of the value by default, the default float with an initializer.
        trainable: whether gradients are taken with respect to it.
        autocast: whether layers with a mixed policy read it in their compute dtype.
        aggregation: accepted for Keras' sake; there is one replica.
        synchronization: likewise.
        name: made up if not given.

    Example:
        >>> v = Variable(np.zeros((2, 3), "float32"), name="kernel")
        >>> v
        <KerasVariable shape=(2, 3), dtype=float32, path=kernel>
        >>> _ = v.assign_add(np.ones((2, 3)))
        >>> float(v.numpy().sum())
        6.0
    """

    _tracked_as = "variables"

    def __new__(  # noqa: D102
        cls,
        initializer: Any,
        shape: Sequence[int] | int | None = None,
        dtype: Any = None,
        trainable: bool = True,
        autocast: bool = True,
        aggregation: str | None = "none",
        synchronization: str | None = "auto",
        name: str | None = None,
        layout: Any = None,
        **kwargs: Any,
    ) -> Any:
        del autocast, aggregation, synchronization, layout, kwargs
        label = name or "variable"
        if isinstance(initializer, str):
            from rkeras import initializers

            initializer = initializers.get(initializer)
        if callable(initializer):
            value = _initial_value(initializer, shape, standardize_dtype(dtype), label)
        else:
            value = _engine.convert(initializer, None if dtype is None else standardize_dtype(dtype))
            if shape is not None and tuple(value.shape) != standardize_shape(shape):
                raise ValueError(
                    f"variable {label!r} has shape={shape}, but its value has shape {value.shape}"
                )
        return super().__new__(cls, value, bool(trainable))

    def __init__(
        self,
        initializer: Any,
        shape: Sequence[int] | int | None = None,
        dtype: Any = None,
        trainable: bool = True,
        autocast: bool = True,
        aggregation: str | None = "none",
        synchronization: str | None = "auto",
        name: str | None = None,
        layout: Any = None,
        **kwargs: Any,
    ) -> None:
        del initializer, shape, dtype, layout, kwargs
        name = name or auto_name(type(self).__name__)
        if not isinstance(name, str) or "/" in name:
            raise ValueError(f"a variable's name must be a string without '/', got {name!r}")
        if aggregation not in _AGGREGATIONS:
            raise ValueError(f"aggregation must be one of {_AGGREGATIONS}, got {aggregation!r}")
        parent = current_path()
        self._name = name
        self._path = f"{parent}/{name}" if parent else name
        self._trainable = bool(trainable)
        self._autocast = bool(autocast)
        self.engine_autocast = self._autocast
        self._aggregation = aggregation or "none"
        self._synchronization = synchronization or "none"
        self._regularizer: Callable[[Any], Any] | None = None
        self._constraint: Callable[[Any], Any] | None = None
        self.overwrite_with_gradient = False

    @property
    def name(self) -> str:
        """The last part of the path, such as ``kernel``."""
        return self._name

    @property
    def path(self) -> str:
        """Where it lives, such as ``sequential/dense/kernel``."""
        return self._path

    @property
    def trainable(self) -> bool:
        """Whether gradients are taken with respect to it."""
        return self._trainable

    @trainable.setter
    def trainable(self, value: bool) -> None:
        self._trainable = bool(value)
        self.engine_trainable = self._trainable

    @property
    def autocast(self) -> bool:
        """Whether layers with a mixed policy read it in their compute dtype."""
        return self._autocast

    @property
    def aggregation(self) -> str:
        """As given; there is one replica."""
        return self._aggregation

    @property
    def synchronization(self) -> str:
        """As given; there is one replica."""
        return self._synchronization

    @property
    def regularizer(self) -> Callable[[Any], Any] | None:
        """The penalty that the owning layer adds to its losses."""
        return self._regularizer

    @regularizer.setter
    def regularizer(self, value: Callable[[Any], Any] | None) -> None:
        self._regularizer = _callable_or_none(value, "regularizer")

    @property
    def constraint(self) -> Callable[[Any], Any] | None:
        """What optimizers apply after an update."""
        return self._constraint

    @constraint.setter
    def constraint(self, value: Callable[[Any], Any] | None) -> None:
        self._constraint = _callable_or_none(value, "constraint")

    @property
    def value(self) -> _engine.Tensor:
        """The current value as a tensor."""
        return self.read()

    def assign(self, value: Any) -> _engine.Tensor:
        """Replaces the value.

        Args:
            value: anything with this variable's shape; it is cast to its dtype.

        Returns:
            The new value.

        Raises:
            ValueError: if the shape is another one.
        """
        # The stored dtype, whatever the dtype it is read in at the moment.
        tensor = _engine.convert(value, self.dtype)
        if tensor.shape != self.shape:
            raise ValueError(
                f"cannot assign a value of shape {tensor.shape} to the variable {self.path!r} of shape "
                f"{self.shape}"
            )
        self.write(tensor)
        return tensor

    def assign_add(self, value: Any) -> _engine.Tensor:
        """Adds to the value, and returns the new one."""
        return self.assign(self + _engine.convert(value, self.dtype))

    def assign_sub(self, value: Any) -> _engine.Tensor:
        """Subtracts from the value, and returns the new one."""
        return self.assign(self - _engine.convert(value, self.dtype))

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> npt.NDArray[Any]:
        del copy
        array = self.numpy()
        return array if dtype is None else array.astype(dtype, copy=False)

    def __repr__(self) -> str:
        return f"<KerasVariable shape={self.shape}, dtype={self.dtype}, path={self.path}>"

    def __format__(self, spec: str) -> str:
        return format(self.read(), spec) if spec else repr(self)

    def __float__(self) -> float:
        return float(self.read())

    def __int__(self) -> int:
        return int(self.read())

    def __bool__(self) -> bool:
        return bool(self.read())

    # `__eq__` compares numbers, so the class needs its hash spelled out: identity.
    def __hash__(self) -> int:
        return id(self)

    def __reduce__(self) -> tuple[Any, ...]:
        return (_restore, (type(self), self.numpy(), self._trainable, self._name), dict(self.__dict__))

    def __deepcopy__(self, memo: dict[int, Any]) -> Variable:
        copy = _restore(type(self), self.numpy(), self._trainable, self._name)
        copy.__dict__.update(self.__dict__)
        memo[id(self)] = copy
        return copy


def _restore(cls: type[Variable], value: npt.NDArray[Any], trainable: bool, name: str) -> Variable:
    return cls(value, dtype=str(value.dtype), trainable=trainable, name=name)


def _callable_or_none(value: Any, what: str) -> Any:
    if value is not None and not callable(value):
        raise ValueError(f"a variable's {what} must be callable or None, got {value!r}")
    return value


def _initial_value(initializer: Callable[..., Any], shape: Any, dtype: str, label: str) -> Any:
    if shape is None:
        raise ValueError(f"variable {label!r} needs a shape, because it is made by an initializer")
    dims = standardize_shape(shape)
    if None in dims:
        raise ValueError(
            f"variable {label!r} cannot have the shape {dims}: every axis of a weight must be known. "
            "Give the axes that weights depend on in the input's shape, e.g. Input(shape=(28, 28, 1))."
        )
    size = math.prod(d for d in dims if d is not None) * _ITEM_BYTES.get(dtype, 1)
    charge(size, f"a variable {label!r} of shape {dims} and dtype {dtype},")
    if size > _MACHINE_BYTES:
        raise MemoryError(
            f"variable {label!r} of shape {dims} and dtype {dtype} would need {size / 2**30:,.0f} GiB, "
            f"this machine has {_MACHINE_BYTES / 2**30:,.0f} GiB"
        )
    with eager_scope():
        value = _engine.convert(initializer(dims, dtype=dtype), dtype)
    if value.shape != dims:
        raise ValueError(f"the initializer of variable {label!r} made shape {value.shape} instead of {dims}")
    return value


def _addressable() -> int:
    try:
        import os

        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError, AttributeError):
        return 1 << 40


_MACHINE_BYTES = _addressable()
_ITEM_BYTES = {"float64": 8, "int64": 8, "float32": 4, "int32": 4, "uint32": 4, "float16": 2, "bfloat16": 2}


def is_variable(x: Any) -> bool:
    """Whether ``x`` is a variable."""
    return isinstance(x, _engine.Variable)


def shape_equal(a: Sequence[int | None], b: Sequence[int | None]) -> bool:
    """Whether two shapes agree where both are known."""
    return len(a) == len(b) and all(m is None or n is None or m == n for m, n in zip(a, b, strict=True))


def convert_to_numpy(x: Any) -> npt.NDArray[Any]:
    """The numbers of a tensor, variable or anything NumPy takes."""
    return x.numpy() if isinstance(x, (_engine.Tensor, _engine.Variable)) else np.asarray(x)
