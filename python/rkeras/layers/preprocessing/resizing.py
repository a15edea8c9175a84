"""Pictures of another size."""

from __future__ import annotations

from typing import Any

from rkeras import config, ops
from rkeras.layers._arguments import ArgumentLayer, positive
from rkeras.ops.resizing import resize


class PictureLayer(ArgumentLayer):
    """A layer over pictures, one or a batch, of a given size."""

    height: int
    width: int
    data_format: str

    def _keep_size(self, height: int, width: int, data_format: str | None) -> None:
        name = type(self).__name__
        self._keep(
            height=positive(name, "height", height),
            width=positive(name, "width", width),
            data_format=config.standardize_data_format(data_format),
        )

    def compute_output_shape(self, input_shape: Any) -> tuple[int | None, ...]:
        """The shape of the pictures with the new size."""
        shape = tuple(input_shape)
        if len(shape) not in (3, 4):
            raise ValueError(f"{type(self).__name__} takes pictures with 3 or 4 axes, got shape {shape}")
        if self.data_format == "channels_first":
            return (*shape[:-2], self.height, self.width)
        return (*shape[:-3], self.height, self.width, shape[-1])


class Resizing(PictureLayer):
    """Resizes pictures.

    Args:
        height: new number of rows.
        width: new number of columns.
        interpolation: ``nearest``, ``bilinear``, ``bicubic``, ``lanczos3`` or ``lanczos5``.
        crop_to_aspect_ratio: whether margins are cut off so that nothing is distorted.
        pad_to_aspect_ratio: whether margins are added so that nothing is distorted.
        fill_mode: of the margins; ``constant``.
        fill_value: the constant.
        antialias: whether shrinking takes all pixels into account.
        data_format: where channels are; as configured by default.
        kwargs: those of ``Layer``.

    Example:
        >>> import numpy as np
        >>> Resizing(4, 5)(np.ones((2, 8, 8, 3))).shape
        (2, 4, 5, 3)
    """

    interpolation: str
    crop_to_aspect_ratio: bool
    pad_to_aspect_ratio: bool
    fill_mode: str
    fill_value: float
    antialias: bool

    def __init__(
        self,
        height: int,
        width: int,
        interpolation: str = "bilinear",
        crop_to_aspect_ratio: bool = False,
        pad_to_aspect_ratio: bool = False,
        fill_mode: str = "constant",
        fill_value: float = 0.0,
        antialias: bool = False,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self._keep_size(height, width, data_format)
        self._keep(
            interpolation=interpolation,
            crop_to_aspect_ratio=crop_to_aspect_ratio,
            pad_to_aspect_ratio=pad_to_aspect_ratio,
            fill_mode=fill_mode,
            fill_value=fill_value,
            antialias=bool(antialias),
        )

    def call(self, inputs: Any) -> Any:
        """The resized pictures, in their dtype."""
        dtype = inputs.dtype
        resized = resize(
            inputs,
            (self.height, self.width),
            self.interpolation,
            self.antialias,
            self.crop_to_aspect_ratio,
            self.pad_to_aspect_ratio,
            self.fill_mode,
            self.fill_value,
            self.data_format,
        )
        if resized.dtype == dtype:
            return resized
        whole = ops.round(resized)
        if dtype == "uint8":
            # Cubic interpolation overshoots.
            whole = ops.clip(whole, 0.0, 255.0)
        return ops.cast(whole, dtype)
