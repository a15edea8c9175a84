"""Exponential linear units as a layer."""

from __future__ import annotations

from typing import Any

from rkeras import ops
from rkeras.layers._arguments import ArgumentLayer


class ELU(ArgumentLayer):
    """``x`` where it is positive, ``alpha * (exp(x) - 1)`` elsewhere (Clevert et al. 2016).

    Args:
        alpha: the bound of the negative side.
        kwargs: those of ``Layer``.

    Example:
        >>> import numpy as np
        >>> ELU()(np.array([-1.0, 2.0])).shape
        (2,)
    """

    alpha: float

    def __init__(self, alpha: float = 1.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._keep(alpha=alpha)
        self.supports_masking = True

    def call(self, inputs: Any) -> Any:
        """The exponential linear units of the inputs."""
        return ops.elu(inputs, self.alpha)
