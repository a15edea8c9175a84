"""Zeros around the three axes of volumes."""

from __future__ import annotations

from typing import Any

from rkeras import ops
from rkeras.compat.arguments import old_arguments
from rkeras.layers.reshaping.base_border import ImageBorderLayer


class ZeroPadding3D(ImageBorderLayer):
    """Adds zeros at both ends of the three axes of volumes.

    Args:
        padding: how many: one number, 3 of them, or 3 pairs (before, after).
        data_format: ``channels_last`` or ``channels_first``; that of the configuration by default.
        kwargs: those of ``Layer``.

    Example:
        >>> import numpy as np
        >>> ZeroPadding3D(1, data_format="channels_last")(np.ones((1, 4, 4, 4, 2))).shape
        (1, 6, 6, 6, 2)
    """

    _rank = 3
    _argument = "padding"

    @old_arguments("layout")
    def __init__(
        self, padding: Any = ((1, 1), (1, 1), (1, 1)), data_format: str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(padding, data_format, **kwargs)

    def call(self, inputs: Any) -> Any:
        """The inputs with zeros around them."""
        return ops.pad(inputs, self._all_pairs())
