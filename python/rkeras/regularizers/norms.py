"""Penalties on the size of weights."""

from __future__ import annotations

from typing import Any

from rkeras import ops
from rkeras.regularizers.regularizer import Regularizer, checked_factor


class L1L2(Regularizer):
    """``l1 * sum(|x|) + l2 * sum(x**2)``.

    Args:
        l1: factor of the sum of absolute values.
        l2: factor of the sum of squares.

    Example:
        >>> float(L1L2(l1=0.5, l2=0.25)([1.0, -2.0]))
        2.75
    """

    def __init__(self, l1: float | None = 0.0, l2: float | None = 0.0) -> None:
        self.l1 = checked_factor(l1 or 0.0, "l1")
        self.l2 = checked_factor(l2 or 0.0, "l2")

    def __call__(self, x: Any) -> Any:
        """Returns the penalty on ``x``, a scalar tensor."""
        x = ops.convert_to_tensor(x)
        total: Any = None
        for factor, measure in ((self.l1, ops.absolute), (self.l2, ops.square)):
            if factor:
                term = factor * ops.sum(measure(x))
                total = term if total is None else total + term
        return ops.zeros((), dtype=x.dtype) if total is None else total

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor's arguments."""
        return {"l1": self.l1, "l2": self.l2}


class L1(L1L2):
    """``l1 * sum(|x|)``; drives weights to zero.

    Example:
        >>> float(L1(0.5)([1.0, -2.0]))
        1.5
    """

    def __init__(self, l1: float | None = 0.01) -> None:
        super().__init__(l1=0.01 if l1 is None else l1)

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor's arguments."""
        return {"l1": self.l1}


class L2(L1L2):
    """``l2 * sum(x**2)``; keeps weights small.

    Example:
        >>> float(L2(0.5)([1.0, -2.0]))
        2.5
    """

    def __init__(self, l2: float | None = 0.01) -> None:
        super().__init__(l2=0.01 if l2 is None else l2)

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor's arguments."""
        return {"l2": self.l2}
