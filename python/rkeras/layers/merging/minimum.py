"""The smallest of inputs."""

from __future__ import annotations

from typing import Any

from rkeras.layers.merging.base_merge import FoldMerge


class Minimum(FoldMerge):
    """The smallest of several inputs, element by element.

    Args:
        kwargs: those of ``Layer``.

    Example:
        >>> import numpy as np
        >>> Minimum()([np.array([1.0]), np.array([2.0])]).tolist()
        [1.0]
    """

    _op = "minimum"


def minimum(inputs: Any, **kwargs: Any) -> Any:
    """The smallest of several inputs, element by element.

    Args:
        inputs: a list of tensors.
        kwargs: those of ``Minimum``.

    Returns:
        The joined tensor.

    Example:
        >>> import numpy as np
        >>> minimum([np.array([1.0]), np.array([2.0])]).tolist()
        [1.0]
    """
    return Minimum(**kwargs)(inputs)
