"""Rectified linear units as a layer."""

from __future__ import annotations

from typing import Any

from rkeras import activations
from rkeras.layers._arguments import ArgumentLayer


class ReLU(ArgumentLayer):
    """``max(x, 0)``, with a bound, a slope below the threshold and a threshold if given.

    Args:
        max_value: the largest result; none if not given.
        negative_slope: slope below the threshold.
        threshold: where the line begins.
        kwargs: those of ``Layer``.

    Example:
        >>> import numpy as np
        >>> ReLU(max_value=1.0)(np.array([-1.0, 0.5, 2.0])).tolist()
        [0.0, 0.5, 1.0]
    """

    max_value: float | None
    negative_slope: float
    threshold: float

    def __init__(
        self,
        max_value: float | None = None,
        negative_slope: float = 0.0,
        threshold: float = 0.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        given = {"max_value": max_value, "negative_slope": negative_slope, "threshold": threshold}
        for argument, value in given.items():
            if (value is None and argument != "max_value") or (value is not None and value < 0):
                raise ValueError(
                    f"ReLU needs a number that is not negative as {argument}, got {argument}={value}"
                )
        self._keep(max_value=max_value, negative_slope=negative_slope, threshold=threshold)
        self.supports_masking = True

    def call(self, inputs: Any) -> Any:
        """The rectified inputs."""
        return activations.relu(
            inputs, negative_slope=self.negative_slope, max_value=self.max_value, threshold=self.threshold
        )
