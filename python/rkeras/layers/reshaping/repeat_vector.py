"""Vectors again and again."""

from __future__ import annotations

from typing import Any

from rkeras import ops
from rkeras.layers._arguments import ArgumentLayer
from rkeras.layers.input_spec import InputSpec


class RepeatVector(ArgumentLayer):
    """Makes a sequence of ``n`` equal steps from each vector.

    Args:
        n: the number of steps.
        kwargs: those of ``Layer``.

    Example:
        >>> import numpy as np
        >>> RepeatVector(3)(np.ones((2, 4))).shape
        (2, 3, 4)
    """

    n: int

    def __init__(self, n: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if not hasattr(n, "__index__"):
            raise TypeError(f"RepeatVector needs an integer as n, got n={n!r}")
        self._keep(n=int(n))
        self.input_spec = InputSpec(ndim=2)

    def call(self, inputs: Any) -> Any:
        """Sequences of the inputs."""
        batch, size = inputs.shape
        return ops.broadcast_to(ops.expand_dims(inputs, 1), (batch, self.n, size))
