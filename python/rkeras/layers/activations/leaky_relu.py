"""Leaky rectified linear units as a layer."""

from __future__ import annotations

from typing import Any

from rkeras import ops
from rkeras.compat.arguments import old_arguments
from rkeras.layers._arguments import ArgumentLayer


class LeakyReLU(ArgumentLayer):
    """``x`` where it is positive, ``negative_slope * x`` elsewhere (Maas et al. 2013).

    Args:
        negative_slope: slope of the negative side.
        kwargs: those of ``Layer``.

    Example:
        >>> import numpy as np
        >>> LeakyReLU(0.5)(np.array([-1.0, 2.0])).tolist()
        [-0.5, 2.0]
    """

    negative_slope: float

    @old_arguments("leaky_relu")
    def __init__(self, negative_slope: float = 0.3, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if negative_slope is None or negative_slope < 0:
            raise ValueError(
                f"LeakyReLU needs a slope that is not negative, got negative_slope={negative_slope}"
            )
        self._keep(negative_slope=negative_slope)
        self.supports_masking = True

    def call(self, inputs: Any) -> Any:
        """The leaky rectified inputs."""
        return ops.leaky_relu(inputs, self.negative_slope)
