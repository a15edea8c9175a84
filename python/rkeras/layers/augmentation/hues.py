"""Pictures whose colours change."""

from __future__ import annotations

from typing import Any

from rkeras import config, ops
from rkeras.layers.augmentation.base import uniform
from rkeras.layers.augmentation.random_color import RandomColor
from rkeras.ops.colours import grayscale, hsv_of, rgb_of


class RandomGrayscale(RandomColor):
    """Takes the colours out of some pictures.

    Args:
        factor: of how many, as a part of all.
        data_format: where channels are; as configured by default.
        seed: determines the draws.
        kwargs: those of ``Layer``.

    Example:
        >>> import numpy as np
        >>> RandomGrayscale(1.0)(np.array([[[0.0, 0.0, 500.0]]])).numpy().round().tolist()
        [[[57.0, 57.0, 57.0]]]
    """

    def __init__(
        self, factor: float = 0.5, data_format: str | None = None, seed: int | None = None, **kwargs: Any
    ) -> None:
        kwargs.pop("value_range", None)
        super().__init__((0.0, factor), seed=seed, data_format=data_format, **kwargs)
        if not 0 <= factor <= 1:
            raise ValueError(f"RandomGrayscale: factor must lie between 0 and 1, got {factor!r}")
        self._share = factor

    def get_config(self) -> dict[str, Any]:
        """The arguments to make the layer again."""
        return {**super().get_config(), "factor": self._share}

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> Any:
        """For each picture whether it loses its colours."""
        found = super().get_random_transformation(data, training, seed)
        return None if found is None else found[self._key]

    def _draw(self, batch: int, height: int, width: int, seed: Any) -> Any:
        return {self._key: uniform(seed, (batch, 1, 1, 1), 0.0, 1.0) < self._share}

    def _apply(self, images: Any, transformation: Any, interpolation: str) -> Any:
        return ops.where(ops.reshape(transformation, (-1, 1, 1, 1)), grayscale(images), images)


class RandomColorDegeneration(RandomColor):
    """Makes colours paler, or stronger.

    Args:
        factor: from 0 (nothing changes) to 1 (no colours are left); or the least and the largest.
        value_range: the least and largest value of a pixel.
        seed: determines the draws.
        data_format: where channels are; as configured by default.
        kwargs: those of ``Layer``.

    Example:
        >>> import numpy as np
        >>> RandomColorDegeneration(0.5)(np.zeros((2, 4, 4, 3))).shape
        (2, 4, 4, 3)
    """

    def _changed(self, images: Any, factors: Any) -> Any:
        return self._clipped(images + factors * (grayscale(images) - images))


class RandomHue(RandomColor):
    """Turns the colours of pictures on the wheel of hues.

    Args:
        factor: by how many half turns at most, either way; or the least and the largest.
        value_range: the least and largest value of a pixel.
        seed: determines the draws.
        data_format: where channels are; as configured by default.
        kwargs: those of ``Layer``.

    Example:
        >>> import numpy as np
        >>> RandomHue(0.5)(np.zeros((2, 4, 4, 3))).shape
        (2, 4, 4, 3)
    """

    _bounds = (0.0, 1.0)

    def _factors(self, drawn: Any, seed: Any) -> Any:
        return ops.where(uniform(seed, drawn.shape, 0.0, 1.0) > 0.5, -drawn, drawn) * 0.5

    def _changed(self, images: Any, factors: Any) -> Any:
        hue, saturation, value = hsv_of(self._rescaled(images, self.value_range, (0, 1)))
        found = rgb_of(hue + factors[..., 0], saturation, value)
        return self._rescaled(ops.clip(found, 0.0, 1.0), (0, 1), self.value_range)


class RandomSaturation(RandomColor):
    """Makes colours stronger or paler.

    Args:
        factor: f multiplies saturations by f / (1 - f): 0.5 leaves them, 0 takes colours out; the least and the
            largest, or the largest.
        value_range: the least and largest value of a pixel.
        seed: determines the draws.
        data_format: where channels are; as configured by default.
        kwargs: those of ``Layer``.

    Example:
        >>> import numpy as np
        >>> RandomSaturation((0.4, 0.6))(np.zeros((2, 4, 4, 3))).shape
        (2, 4, 4, 3)
    """

    def _factors(self, drawn: Any, seed: Any) -> Any:
        return drawn / (1.0 - drawn + config.epsilon())

    def _changed(self, images: Any, factors: Any) -> Any:
        hue, saturation, value = hsv_of(images)
        return rgb_of(hue, self._clipped(saturation * factors[..., 0]), value)
