"""Methods that tensors and variables had, for older scripts that call them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rkeras import _engine
from rkeras.keras_tensor import KerasTensor


def _get_shape(self: Any) -> Any:
    from rkeras.compat.tf._shapes import TensorShape

    return TensorShape(self.shape)


def _set_shape(self: Any, shape: Any) -> None:
    _get_shape(self).assert_is_compatible_with(shape)


def _eval(self: Any, feed_dict: Any = None, session: Any = None) -> Any:
    del feed_dict, session
    return self.numpy()


_METHODS: dict[str, Callable[..., Any]] = {"get_shape": _get_shape, "set_shape": _set_shape, "eval": _eval}


def add_tensor_methods() -> None:
    """Gives tensors, variables and symbolic tensors ``get_shape``, ``set_shape`` and, if they have numbers, ``eval``.

    Example:
        >>> add_tensor_methods()
        >>> _engine.convert([[1.0, 2.0]]).get_shape().as_list()
        [1, 2]
    """
    for name, method in _METHODS.items():
        for cls in (_engine.Tensor, _engine.Variable, KerasTensor):
            if name != "eval" or cls is not KerasTensor:
                setattr(cls, name, method)
