"""Initializers without chance."""

from __future__ import annotations

from typing import Any

from rkeras import ops
from rkeras.initializers.initializer import Initializer


class Zeros(Initializer):
    """Zeros.

    Example:
        >>> Zeros()((2,)).tolist()
        [0.0, 0.0]
    """

    def __call__(self, shape: Any, dtype: str | None = None) -> Any:
        """Zeros of a shape."""
        return ops.zeros(shape, dtype)


class Ones(Initializer):
    """Ones.

    Example:
        >>> Ones()((2,)).tolist()
        [1.0, 1.0]
    """

    def __call__(self, shape: Any, dtype: str | None = None) -> Any:
        """Ones of a shape."""
        return ops.ones(shape, dtype)


class Constant(Initializer):
    """One number everywhere.

    Args:
        value: the number, or an array of the variable's shape.

    Example:
        >>> Constant(3.0)((2,)).tolist()
        [3.0, 3.0]
    """

    def __init__(self, value: Any = 0.0) -> None:
        self.value = value

    def __call__(self, shape: Any, dtype: str | None = None) -> Any:
        """The number in a shape."""
        return ops.full(shape, self.value, dtype)

    def get_config(self) -> dict[str, Any]:
        """The arguments to make it again."""
        return {"value": self.value}


class Identity(Initializer):
    """The identity matrix, times a gain.

    Args:
        gain: the number on the diagonal.

    Example:
        >>> Identity()((2, 2)).tolist()
        [[1.0, 0.0], [0.0, 1.0]]
    """

    def __init__(self, gain: float = 1.0) -> None:
        self.gain = gain

    def __call__(self, shape: Any, dtype: str | None = None) -> Any:
        """The matrix; a shape of another rank raises ValueError."""
        if len(shape) != 2:
            raise ValueError(f"Identity makes matrices, not tensors of shape {tuple(shape)}")
        return self.gain * ops.eye(shape[0], shape[1], dtype=dtype)

    def get_config(self) -> dict[str, Any]:
        """The arguments to make it again."""
        return {"gain": self.gain}
