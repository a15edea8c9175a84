"""What weights are turned into after each update."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rkeras import config as global_config
from rkeras import ops

Axis = int | Sequence[int]


class Constraint:
    """Maps a weight to a weight of the same shape that fulfils some condition."""

    def __call__(self, w: Any) -> Any:
        """Returns the constrained weight."""
        return w

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor's arguments."""
        return {}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """Makes a constraint from the result of `get_config`."""
        return cls(**config)


class NonNeg(Constraint):
    """Replaces negative weights by zero.

    Example:
        >>> NonNeg()([-1.0, 2.0]).tolist()
        [0.0, 2.0]
    """

    def __call__(self, w: Any) -> Any:
        """Returns the constrained weight."""
        return ops.maximum(ops.convert_to_tensor(w), 0)


class MinMaxNorm(Constraint):
    """Moves the lengths of the vectors along ``axis`` into a range.

    Args:
        min_value: least length.
        max_value: greatest length.
        rate: how far lengths move towards the range in one step; 1 puts them into it.
        axis: axis (or axes) along which the vectors lie: 0 for the kernel of a Dense layer (each unit's
            incoming weights), (0, 1, 2) for that of a Conv2D.

    Example:
        >>> round(float(MinMaxNorm(0.0, 1.0)([3.0, 4.0])[1]), 4)
        0.8
    """

    def __init__(
        self, min_value: float = 0.0, max_value: float = 1.0, rate: float = 1.0, axis: Axis = 0
    ) -> None:
        self.min_value = min_value
        self.max_value = max_value
        self.rate = rate
        self.axis = axis

    def __call__(self, w: Any) -> Any:
        """Returns the constrained weight."""
        w = ops.convert_to_tensor(w)
        axis = tuple(self.axis) if isinstance(self.axis, (list, tuple)) else self.axis
        lengths = ops.sqrt(ops.sum(ops.square(w), axis=axis, keepdims=True))
        wanted = ops.clip(lengths, self.min_value, self.max_value)
        if self.rate != 1.0:
            wanted = self.rate * wanted + (1 - self.rate) * lengths
        return w * (wanted / (global_config.epsilon() + lengths))

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor's arguments."""
        return {
            "min_value": self.min_value,
            "max_value": self.max_value,
            "rate": self.rate,
            "axis": self.axis,
        }


class MaxNorm(MinMaxNorm):
    """Shortens the vectors along ``axis`` that are longer than ``max_value``.

    Args:
        max_value: greatest length.
        axis: axis (or axes) along which the vectors lie.

    Example:
        >>> round(float(MaxNorm(1.0)([3.0, 4.0])[0]), 4)
        0.6
    """

    def __init__(self, max_value: float = 2, axis: Axis = 0) -> None:
        super().__init__(max_value=max_value, axis=axis)

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor's arguments."""
        return {"max_value": self.max_value, "axis": self.axis}


class UnitNorm(MinMaxNorm):
    """Gives the vectors along ``axis`` length one.

    Args:
        axis: axis (or axes) along which the vectors lie.

    Example:
        >>> round(float(UnitNorm()([3.0, 4.0])[0]), 4)
        0.6
    """

    def __init__(self, axis: Axis = 0) -> None:
        super().__init__(min_value=1.0, axis=axis)

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor's arguments."""
        return {"axis": self.axis}
