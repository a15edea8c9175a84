"""Average pooling over the two axes of images."""

from __future__ import annotations

from rkeras.layers.pooling.base_pooling import BaseAveragePooling


class AveragePooling2D(BaseAveragePooling):
    """The mean of each window that moves over the two axes of images.

    Args:
        pool_size: the window, one number or 2.
        strides: how far the window moves, one number or 2; the window by default.
        padding: ``valid`` (no padding) or ``same`` (what the windows lack does not count).
        data_format: ``channels_last`` or ``channels_first``; that of the configuration by default.
        name: made up if not given.
        kwargs: those of ``Layer``.

    Example:
        >>> import numpy as np
        >>> AveragePooling2D(2, data_format="channels_last")(np.ones((1, 8, 8, 3))).shape
        (1, 4, 4, 3)
    """

    _rank = 2
