"""Parts of the three axes of volumes."""

from __future__ import annotations

from typing import Any

from rkeras.compat.arguments import old_arguments
from rkeras.layers.reshaping.base_cropping import BaseCropping


class Cropping3D(BaseCropping):
    """Takes away from both ends of the three axes of volumes.

    Args:
        cropping: how much: one number, 3 of them, or 3 pairs (before, after).
        data_format: ``channels_last`` or ``channels_first``; that of the configuration by default.
        kwargs: those of ``Layer``.

    Example:
        >>> import numpy as np
        >>> Cropping3D(1, data_format="channels_last")(np.ones((1, 4, 4, 4, 2))).shape
        (1, 2, 2, 2, 2)
    """

    _rank = 3

    @old_arguments("layout")
    def __init__(
        self, cropping: Any = ((1, 1), (1, 1), (1, 1)), data_format: str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(cropping, data_format, **kwargs)
