"""Differences of inputs."""

from __future__ import annotations

from typing import Any

from rkeras.layers.merging.base_merge import FoldMerge


class Subtract(FoldMerge):
    """The first of two inputs minus the second.

    Args:
        kwargs: those of ``Layer``.

    Example:
        >>> import numpy as np
        >>> Subtract()([np.array([1.0]), np.array([2.0])]).tolist()
        [-1.0]
    """

    _op = "subtract"
    _count = 2


def subtract(inputs: Any, **kwargs: Any) -> Any:
    """The first of two inputs minus the second.

    Args:
        inputs: a list of tensors.
        kwargs: those of ``Subtract``.

    Returns:
        The joined tensor.

    Example:
        >>> import numpy as np
        >>> subtract([np.array([1.0]), np.array([2.0])]).tolist()
        [-1.0]
    """
    return Subtract(**kwargs)(inputs)
