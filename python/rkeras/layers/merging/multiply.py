"""Products of inputs."""

from __future__ import annotations

from typing import Any

from rkeras import ops
from rkeras.layers.call_context import get_mask
from rkeras.layers.merging.base_merge import FoldMerge


class Multiply(FoldMerge):
    """The product of several inputs.

    Args:
        kwargs: those of ``Layer``.

    Example:
        >>> import numpy as np
        >>> Multiply()([np.array([3.0]), np.array([2.0])]).tolist()
        [6.0]
    """

    _op = "multiply"

    def call(self, inputs: Any) -> Any:
        """The product, in which masked elements count as one; zero where all are masked."""
        masks = [get_mask(x) for x in inputs] if isinstance(inputs, (list, tuple)) else []
        if not any(mask is not None for mask in masks):
            return super().call(inputs)
        known = [None if mask is None else _spread(mask, x) for mask, x in zip(masks, inputs, strict=True)]
        kept = [x if mask is None else ops.where(mask, x, 1.0) for mask, x in zip(known, inputs, strict=True)]
        product = super().call(kept)
        if any(mask is None for mask in known):
            return product
        union = known[0]
        for mask in known[1:]:
            union = ops.logical_or(union, mask)
        return ops.where(union, product, 0.0)


def _spread(mask: Any, x: Any) -> Any:
    return ops.broadcast_to(ops.expand_dims(mask, -1), x.shape)


def multiply(inputs: Any, **kwargs: Any) -> Any:
    """The product of several inputs.

    Args:
        inputs: a list of tensors.
        kwargs: those of ``Multiply``.

    Returns:
        The joined tensor.

    Example:
        >>> import numpy as np
        >>> multiply([np.array([3.0]), np.array([2.0])]).tolist()
        [6.0]
    """
    return Multiply(**kwargs)(inputs)
