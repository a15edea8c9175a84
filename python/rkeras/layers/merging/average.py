"""Means of inputs."""

from __future__ import annotations

from typing import Any

from rkeras import ops
from rkeras.layers.merging.base_merge import FoldMerge


class Average(FoldMerge):
    """The mean of several inputs.

    Args:
        kwargs: those of ``Layer``.

    Example:
        >>> import numpy as np
        >>> Average()([np.array([1.0]), np.array([2.0])]).tolist()
        [1.5]
    """

    _op = "add"

    def _merge_function(self, inputs: list[Any]) -> Any:
        return ops.divide(super()._merge_function(inputs), len(inputs))


def average(inputs: Any, **kwargs: Any) -> Any:
    """The mean of several inputs.

    Args:
        inputs: a list of tensors.
        kwargs: those of ``Average``.

    Returns:
        The joined tensor.

    Example:
        >>> import numpy as np
        >>> average([np.array([1.0]), np.array([2.0])]).tolist()
        [1.5]
    """
    return Average(**kwargs)(inputs)
