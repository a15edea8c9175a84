"""The mean of each channel."""

from __future__ import annotations

from typing import Any

from rkeras import ops
from rkeras.layers.pooling.base_pooling import BaseGlobalPooling


class _GlobalAveragePooling(BaseGlobalPooling):
    def call(self, inputs: Any) -> Any:
        """The mean of each channel."""
        return ops.mean(inputs, axis=self._axes, keepdims=self.keepdims)


class GlobalAveragePooling1D(BaseGlobalPooling):
    """The mean of each channel over the steps that a mask lets count.

    Args:
        data_format: ``channels_last`` or ``channels_first``; that of the configuration by default.
        keepdims: whether the reduced axis stays, with size 1.
        kwargs: those of ``Layer``.

    Example:
        >>> import numpy as np
        >>> layer = GlobalAveragePooling1D(data_format="channels_last")
        >>> layer(np.array([[[1.0], [5.0]]]), mask=np.array([[True, False]])).tolist()
        [[1.0]]
    """

    _rank = 1

    def __init__(self, data_format: str | None = None, keepdims: bool = False, **kwargs: Any) -> None:
        super().__init__(data_format=data_format, keepdims=keepdims, **kwargs)
        self.supports_masking = True

    def call(self, inputs: Any, mask: Any = None) -> Any:
        """The mean of each channel over the steps that count."""
        if mask is None:
            return ops.mean(inputs, axis=self._axes, keepdims=self.keepdims)
        counts = ops.expand_dims(ops.cast(mask, "bool"), 2 if self.data_format == "channels_last" else 1)
        total = ops.sum(ops.where(counts, inputs, 0.0), axis=self._axes, keepdims=self.keepdims)
        steps = ops.sum(ops.cast(counts, inputs.dtype), axis=self._axes, keepdims=self.keepdims)
        return ops.divide(total, steps)

    def compute_mask(self, inputs: Any, previous_mask: Any = None) -> Any:
        """None: there are no steps any more."""
        return None


class GlobalAveragePooling2D(_GlobalAveragePooling):
    """The mean of each channel over the two axes of images.

    Args:
        data_format: ``channels_last`` or ``channels_first``; that of the configuration by default.
        keepdims: whether the reduced axes stay, with size 1.
        kwargs: those of ``Layer``.

    Example:
        >>> import numpy as np
        >>> GlobalAveragePooling2D(data_format="channels_last")(np.ones((1, 8, 8, 3))).shape
        (1, 3)
    """

    _rank = 2


class GlobalAveragePooling3D(_GlobalAveragePooling):
    """The mean of each channel over the three axes of volumes.

    Args:
        data_format: ``channels_last`` or ``channels_first``; that of the configuration by default.
        keepdims: whether the reduced axes stay, with size 1.
        kwargs: those of ``Layer``.

    Example:
        >>> import numpy as np
        >>> GlobalAveragePooling3D(data_format="channels_last")(np.ones((1, 8, 8, 8, 3))).shape
        (1, 3)
    """

    _rank = 3
