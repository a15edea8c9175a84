"""A layer that does nothing."""

from __future__ import annotations

from typing import Any

from rkeras.layers._arguments import ArgumentLayer


class Identity(ArgumentLayer):
    """Passes its input on.

    Args:
        kwargs: those of ``Layer``.

    Example:
        >>> import numpy as np
        >>> Identity()(np.ones(2)).tolist()
        [1.0, 1.0]
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.supports_masking = True

    def call(self, inputs: Any) -> Any:
        """The inputs."""
        return inputs
