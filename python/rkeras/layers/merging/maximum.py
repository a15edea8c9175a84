"""The largest of inputs."""

from __future__ import annotations

from typing import Any

from rkeras.layers.merging.base_merge import FoldMerge


class Maximum(FoldMerge):
    """The largest of several inputs, element by element.

    Args:
        kwargs: those of ``Layer``.

    Example:
        >>> import numpy as np
        >>> Maximum()([np.array([1.0]), np.array([2.0])]).tolist()
        [2.0]
    """

    _op = "maximum"


def maximum(inputs: Any, **kwargs: Any) -> Any:
    """The largest of several inputs, element by element.

    Args:
        inputs: a list of tensors.
        kwargs: those of ``Maximum``.

    Returns:
        The joined tensor.

    Example:
        >>> import numpy as np
        >>> maximum([np.array([1.0]), np.array([2.0])]).tolist()
        [2.0]
    """
    return Maximum(**kwargs)(inputs)
