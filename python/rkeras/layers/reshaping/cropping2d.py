"""Parts of the two axes of images."""

from __future__ import annotations

from typing import Any

from rkeras.compat.arguments import old_arguments
from rkeras.layers.reshaping.base_cropping import BaseCropping


class Cropping2D(BaseCropping):
    """Takes away from both ends of the two axes of images.

    Args:
        cropping: how much: one number, 2 of them, or 2 pairs (before, after).
        data_format: ``channels_last`` or ``channels_first``; that of the configuration by default.
        kwargs: those of ``Layer``.

    Example:
        >>> import numpy as np
        >>> Cropping2D(1, data_format="channels_last")(np.ones((1, 4, 4, 2))).shape
        (1, 2, 2, 2)
    """

    _rank = 2

    @old_arguments("layout")
    def __init__(
        self, cropping: Any = ((0, 0), (0, 0)), data_format: str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(cropping, data_format, **kwargs)
