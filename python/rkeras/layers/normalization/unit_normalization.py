"""Vectors of length one."""

from __future__ import annotations

from typing import Any

from rkeras import ops
from rkeras.layers._arguments import ArgumentLayer

# Keeps a vector of zeros from a division by zero.
_LEAST_LENGTH = 1e-12


class UnitNormalization(ArgumentLayer):
    """Divides each sample by its Euclidean length along axes.

    Args:
        axis: the axis or axes.
        kwargs: those of ``Layer``.

    Example:
        >>> import numpy as np
        >>> UnitNormalization()(np.array([[0.0, 2.0]])).tolist()
        [[0.0, 1.0]]
    """

    axis: Any

    def __init__(self, axis: Any = -1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if not isinstance(axis, (int, list, tuple)):
            raise TypeError(f"axis must be an integer or several, got axis={axis!r}")
        self._keep(axis=axis if isinstance(axis, int) else list(axis))
        self.supports_masking = True

    def call(self, inputs: Any) -> Any:
        """The inputs with length one."""
        squares = ops.sum(ops.square(inputs), axis=self.axis, keepdims=True)
        return inputs * ops.rsqrt(ops.maximum(squares, _LEAST_LENGTH**2))
