"""Sums of inputs."""

from __future__ import annotations

from typing import Any

from rkeras.layers.merging.base_merge import FoldMerge


class Add(FoldMerge):
    """The sum of several inputs.

    Args:
        kwargs: those of ``Layer``.

    Example:
        >>> import numpy as np
        >>> Add()([np.array([1.0]), np.array([2.0])]).tolist()
        [3.0]
    """

    _op = "add"


def add(inputs: Any, **kwargs: Any) -> Any:
    """The sum of several inputs.

    Args:
        inputs: a list of tensors.
        kwargs: those of ``Add``.

    Returns:
        The joined tensor.

    Example:
        >>> import numpy as np
        >>> add([np.array([1.0]), np.array([2.0])]).tolist()
        [3.0]
    """
    return Add(**kwargs)(inputs)
