"""Rectified linear units with a threshold, as a layer."""

from __future__ import annotations

from typing import Any

from rkeras import ops
from rkeras.layers._arguments import ArgumentLayer


class ThresholdedReLU(ArgumentLayer):
    """``x`` where it is above a threshold, 0 elsewhere (Konda et al. 2014).

    Args:
        theta: the threshold.
        kwargs: those of ``Layer``.

    Example:
        >>> import numpy as np
        >>> ThresholdedReLU(1.5)(np.array([1.0, 2.0])).tolist()
        [0.0, 2.0]
    """

    theta: float

    def __init__(self, theta: float = 1.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if theta is None or theta < 0:
            raise ValueError(f"ThresholdedReLU needs a threshold that is not negative, got theta={theta}")
        self._keep(theta=float(theta))
        self.supports_masking = True

    def call(self, inputs: Any) -> Any:
        """The inputs above the threshold."""
        return ops.where(inputs > self.theta, inputs, 0.0)
