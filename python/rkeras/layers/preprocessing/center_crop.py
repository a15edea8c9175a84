"""The middle of pictures."""

from __future__ import annotations

from typing import Any

from rkeras import ops
from rkeras.layers.preprocessing.resizing import PictureLayer
from rkeras.ops.resizing import resize


class CenterCrop(PictureLayer):
    """The middle of pictures; pictures that are too small are resized without distortion.

    Args:
        height: number of rows.
        width: number of columns.
        data_format: where channels are; as configured by default.
        kwargs: those of ``Layer``.

    Example:
        >>> import numpy as np
        >>> CenterCrop(1, 2)(np.arange(12.0).reshape(3, 4, 1)).numpy().ravel().tolist()
        [5.0, 6.0]
    """

    def __init__(self, height: int, width: int, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._keep_size(height, width, data_format)

    def call(self, inputs: Any) -> Any:
        """The middle."""
        inputs = ops.cast(inputs, self.compute_dtype)
        rank, first = len(inputs.shape), self.data_format == "channels_first"
        axis = rank - 2 if first else rank - 3
        top, left = inputs.shape[axis] - self.height, inputs.shape[axis + 1] - self.width
        if top < 0 or left < 0:
            size = (self.height, self.width)
            return resize(inputs, size, crop_to_aspect_ratio=True, data_format=self.data_format)
        rows, columns = slice(top // 2, top // 2 + self.height), slice(left // 2, left // 2 + self.width)
        return inputs[(*[slice(None)] * axis, rows, columns)]
