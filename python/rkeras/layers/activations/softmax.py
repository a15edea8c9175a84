"""Softmax as a layer."""

from __future__ import annotations

from typing import Any

from rkeras import ops
from rkeras.layers._arguments import ArgumentLayer


class Softmax(ArgumentLayer):
    """``exp(x) / sum(exp(x))`` along axes, over what a mask lets count.

    Args:
        axis: the axis or axes.
        kwargs: those of ``Layer``.

    Example:
        >>> import numpy as np
        >>> Softmax()(np.array([[0.0, 0.0]])).tolist()
        [[0.5, 0.5]]
    """

    axis: Any

    def __init__(self, axis: Any = -1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._keep(axis=axis)
        self.supports_masking = True

    def call(self, inputs: Any, mask: Any = None) -> Any:
        """The softmax; zero where the mask is not set."""
        if mask is None:
            return ops.softmax(inputs, self.axis)
        mask = ops.cast(mask, "bool") if mask.dtype == "bool" else ops.greater(mask, 0.5)
        sizes = zip(reversed(mask.shape), reversed(inputs.shape), strict=False)
        if mask.ndim > inputs.ndim or any(m not in (1, n) for m, n in sizes):
            raise ValueError(f"a mask of shape {mask.shape} does not fit inputs of shape {inputs.shape}")
        least = -3e4 if inputs.dtype == "float16" else -1e9
        return ops.where(mask, ops.softmax(ops.where(mask, inputs, least), self.axis), 0.0)
