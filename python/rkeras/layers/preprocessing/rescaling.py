"""Numbers in another scale."""

from __future__ import annotations

from typing import Any

import numpy as np

from rkeras import config, ops
from rkeras.layers._arguments import ArgumentLayer


class Rescaling(ArgumentLayer):
    """``inputs * scale + offset``, as floats.

    Args:
        scale: a factor, or one for each channel.
        offset: likewise.
        kwargs: those of ``Layer``.

    Example:
        >>> Rescaling(1 / 4, -1)(np.array([0, 4])).tolist()
        [-1.0, 0.0]
    """

    scale: Any
    offset: Any

    def __init__(self, scale: Any, offset: Any = 0.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._keep(scale=_plain(scale), offset=_plain(offset))
        self.supports_masking = True

    def call(self, inputs: Any) -> Any:
        """The rescaled inputs."""
        return ops.cast(inputs, self.compute_dtype) * self._factor(self.scale) + self._factor(self.offset)

    def _factor(self, value: Any) -> Any:
        if np.ndim(value) == 0:
            return value
        array = ops.convert_to_tensor(value, self.compute_dtype)
        return ops.reshape(array, (-1, 1, 1)) if config.image_data_format() == "channels_first" else array


def _plain(value: Any) -> Any:
    return np.asarray(value).tolist() if np.ndim(value) else float(value)
