"""Methods that tensors and variables had, and their shapes and dtypes, for older scripts that call them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rkeras import _engine
from rkeras.keras_tensor import KerasTensor

_TENSORS = (_engine.Tensor, _engine.Variable, KerasTensor)


def _get_shape(self: Any) -> Any:
    from rkeras.compat.tf._shapes import TensorShape

    return TensorShape(self.shape)


def _set_shape(self: Any, shape: Any) -> None:
    _get_shape(self).assert_is_compatible_with(shape)


def _eval(self: Any, feed_dict: Any = None, session: Any = None) -> Any:
    del feed_dict, session
    return self.numpy()


_METHODS: dict[str, Callable[..., Any]] = {"get_shape": _get_shape, "set_shape": _set_shape, "eval": _eval}

# What the classes have by themselves, while it is replaced.
_replaced: dict[tuple[type, str], Any] = {}


def _as_shape(shape: Any) -> Any:
    from rkeras.compat.tf._shapes import StaticShape

    return StaticShape(shape)


def _as_dtype(name: str) -> Any:
    from rkeras.compat.tf.dtypes import DType

    return DType(name)


_ATTRIBUTES: dict[str, Callable[[Any], Any]] = {"shape": _as_shape, "dtype": _as_dtype}


def _wrapped(original: Any, wrap: Callable[[Any], Any]) -> property:
    return property(lambda self: wrap(original.__get__(self)))


def add_tensor_methods() -> None:
    """Gives tensors, variables and symbolic tensors what they had in TensorFlow.

    That is ``get_shape``, ``set_shape`` and, if they have numbers, ``eval``; shapes are tuples with ``as_list`` and
    the other methods of ``TensorShape``, dtypes are strings with ``name`` and ``as_numpy_dtype``.

    Example:
        >>> add_tensor_methods()
        >>> x = _engine.convert([[1.0, 2.0]])
        >>> x.get_shape().as_list(), x.shape.as_list(), x.shape, x.dtype.name
        ([1, 2], [1, 2], (1, 2), 'float32')
        >>> remove_tensor_methods()
    """
    if _replaced:
        return
    for cls in _TENSORS:
        for name, method in _METHODS.items():
            if name != "eval" or cls is not KerasTensor:
                setattr(cls, name, method)
        for name, wrap in _ATTRIBUTES.items():
            original = vars(cls)[name]
            _replaced[cls, name] = original
            setattr(cls, name, _wrapped(original, wrap))


def remove_tensor_methods() -> None:
    """Takes back what ``add_tensor_methods`` did.

    Example:
        >>> remove_tensor_methods()
        >>> hasattr(_engine.convert(1.0), "eval")
        False
    """
    for (cls, name), original in _replaced.items():
        setattr(cls, name, original)
    _replaced.clear()
    for cls in _TENSORS:
        for name in _METHODS:
            if name in vars(cls):
                delattr(cls, name)
