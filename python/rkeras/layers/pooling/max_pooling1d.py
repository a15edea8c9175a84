"""Max pooling over time."""

from __future__ import annotations

from rkeras.layers.pooling.base_pooling import BaseMaxPooling


class MaxPooling1D(BaseMaxPooling):
    """The largest number of each window that moves over time.

    Args:
        pool_size: the window, one number; 2 by default.
        strides: how far the window moves, one number; the window by default.
        padding: ``valid`` (no padding) or ``same`` (what the windows lack does not count).
        data_format: ``channels_last`` or ``channels_first``; that of the configuration by default.
        name: made up if not given.
        kwargs: those of ``Layer``.

    Example:
        >>> import numpy as np
        >>> MaxPooling1D(2, data_format="channels_last")(np.ones((1, 8, 3))).shape
        (1, 4, 3)
    """

    _rank = 1
