"""Axes of samples in another order."""

from __future__ import annotations

from typing import Any

from rkeras import ops
from rkeras.layers._arguments import ArgumentLayer
from rkeras.layers.input_spec import InputSpec


class Permute(ArgumentLayer):
    """Puts the axes of each sample in another order.

    Args:
        dims: the axes, counted from 1, in their new order.
        kwargs: those of ``Layer``.

    Example:
        >>> import numpy as np
        >>> Permute((2, 1))(np.ones((5, 3, 4))).shape
        (5, 4, 3)
    """

    dims: tuple[int, ...]

    def __init__(self, dims: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._keep(dims=tuple(dims))
        if sorted(self.dims) != list(range(1, len(self.dims) + 1)):
            raise ValueError(
                f"dims must hold the axes 1 to {len(self.dims)} in some order, got dims={self.dims}"
            )
        self.input_spec = InputSpec(ndim=len(self.dims) + 1)

    def call(self, inputs: Any) -> Any:
        """The inputs with their axes in the new order."""
        return ops.transpose(inputs, (0, *self.dims))
