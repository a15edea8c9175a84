"""Zeros around time."""

from __future__ import annotations

from typing import Any

from rkeras import ops
from rkeras.layers.reshaping.base_border import ImageBorderLayer


class ZeroPadding1D(ImageBorderLayer):
    """Adds zeros at both ends of time.

    Args:
        padding: how many: one number, or a pair (before, after).
        data_format: ``channels_last`` or ``channels_first``; that of the configuration by default.
        kwargs: those of ``Layer``.

    Example:
        >>> import numpy as np
        >>> ZeroPadding1D(1, data_format="channels_last")(np.ones((1, 4, 2))).shape
        (1, 6, 2)
    """

    _rank = 1
    _argument = "padding"

    def __init__(self, padding: Any = 1, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(padding, data_format, **kwargs)

    def call(self, inputs: Any) -> Any:
        """The inputs with zeros around them."""
        return ops.pad(inputs, self._all_pairs())
