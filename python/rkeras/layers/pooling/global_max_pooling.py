"""The largest number of each channel."""

from __future__ import annotations

from typing import Any

from rkeras import ops
from rkeras.layers.pooling.base_pooling import BaseGlobalPooling


class _GlobalMaxPooling(BaseGlobalPooling):
    def call(self, inputs: Any) -> Any:
        """The largest number of each channel."""
        return ops.max(inputs, axis=self._axes, keepdims=self.keepdims)


class GlobalMaxPooling1D(_GlobalMaxPooling):
    """The largest number of each channel over time.

    Args:
        data_format: ``channels_last`` or ``channels_first``; that of the configuration by default.
        keepdims: whether the reduced axes stay, with size 1.
        kwargs: those of ``Layer``.

    Example:
        >>> import numpy as np
        >>> GlobalMaxPooling1D(data_format="channels_last")(np.ones((1, 8, 3))).shape
        (1, 3)
    """

    _rank = 1


class GlobalMaxPooling2D(_GlobalMaxPooling):
    """The largest number of each channel over the two axes of images.

    Args:
        data_format: ``channels_last`` or ``channels_first``; that of the configuration by default.
        keepdims: whether the reduced axes stay, with size 1.
        kwargs: those of ``Layer``.

    Example:
        >>> import numpy as np
        >>> GlobalMaxPooling2D(data_format="channels_last")(np.ones((1, 8, 8, 3))).shape
        (1, 3)
    """

    _rank = 2


class GlobalMaxPooling3D(_GlobalMaxPooling):
    """The largest number of each channel over the three axes of volumes.

    Args:
        data_format: ``channels_last`` or ``channels_first``; that of the configuration by default.
        keepdims: whether the reduced axes stay, with size 1.
        kwargs: those of ``Layer``.

    Example:
        >>> import numpy as np
        >>> GlobalMaxPooling3D(data_format="channels_last")(np.ones((1, 8, 8, 8, 3))).shape
        (1, 3)
    """

    _rank = 3
