"""Parts of pictures."""

from __future__ import annotations

from typing import Any

from rkeras import ops
from rkeras.layers._arguments import positive
from rkeras.layers.augmentation.base import RandomPictureLayer, uniform
from rkeras.ops.resizing import resize


class RandomCrop(RandomPictureLayer):
    """A part of the pictures at a random place in training; otherwise, and of small pictures, the resized middle.

    Args:
        height: number of rows.
        width: number of columns.
        seed: determines the draws.
        data_format: where channels are; as configured by default.
        kwargs: those of ``Layer``.

    Example:
        >>> import numpy as np
        >>> RandomCrop(3, 2)(np.zeros((8, 4, 4, 3))).shape
        (8, 3, 2, 3)
    """

    _moves = True
    height: int
    width: int

    def __init__(
        self, height: int, width: int, seed: int | None = None, data_format: str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(seed=seed, data_format=data_format, **kwargs)
        self._keep(height=positive("RandomCrop", "height", height), width=positive("RandomCrop", "width", width))

    def _draw(self, batch: int, height: int, width: int, seed: Any) -> Any:
        if height < self.height or width < self.width:
            return None
        return tuple(
            ops.cast(uniform(seed, (), 0.0, float(size - wanted + 1)), "int32")
            for size, wanted in ((height, self.height), (width, self.width))
        )

    def transform_images(self, images: Any, transformation: Any, training: bool = True) -> Any:
        """A part of the pictures."""
        images = ops.cast(images, self.compute_dtype)
        return self._transformed(images, transformation if training else None, "bilinear")

    def transform_segmentation_masks(self, masks: Any, transformation: Any, training: bool = True) -> Any:
        """The same part of the classes of pixels."""
        return self._transformed(ops.cast(masks, self.compute_dtype), transformation if training else None, "nearest")

    def _apply(self, images: Any, transformation: Any, interpolation: str) -> Any:
        if transformation is None:
            size = (self.height, self.width)
            return resize(images, size, interpolation, crop_to_aspect_ratio=True, data_format="channels_last")
        top, left = transformation
        # Not a slice: where it begins is not known before a compiled step runs.
        images = ops.take(images, ops.arange(self.height, dtype="int32") + top, axis=1)
        return ops.take(images, ops.arange(self.width, dtype="int32") + left, axis=2)
