"""Pictures whose values change by formulas of their own."""

from __future__ import annotations

from typing import Any

from rkeras import ops
from rkeras.layers.augmentation.base import uniform
from rkeras.layers.augmentation.random_color import RandomColor


class RandomBrightness(RandomColor):
    """Makes pictures brighter or darker.

    Args:
        factor: by how much at most, as a part of the range of values; or the least and the largest.
        value_range: the least and largest value of a pixel.
        seed: determines the draws.
        data_format: where channels are; as configured by default.
        kwargs: those of ``Layer``.

    Example:
        >>> import numpy as np
        >>> RandomBrightness((0.5, 0.5), value_range=(0, 1))(np.array([[[0.0], [0.7]]])).tolist()
        [[[0.5], [1.0]]]
    """

    _key = "rgb_delta"

    def _factors(self, drawn: Any, seed: Any) -> Any:
        return drawn * float(self.value_range[1] - self.value_range[0])

    def _changed(self, images: Any, factors: Any) -> Any:
        return self._clipped(images + factors)


class RandomContrast(RandomColor):
    """Moves pixels away from the mean of their picture, or towards it.

    Args:
        factor: with a pair, distances from the mean are multiplied by 1 - factor[0] to 1 + factor[1]; with a number
            by 1 to 1 + factor.
        value_range: the least and largest value of a pixel.
        seed: determines the draws.
        data_format: where channels are; as configured by default.
        kwargs: those of ``Layer``.

    Example:
        >>> import numpy as np
        >>> RandomContrast(0.5)(np.zeros((2, 4, 4, 3))).shape
        (2, 4, 4, 3)
    """

    _bounds = (0.0, 1.0)
    _key = "contrast_factor"

    def _draw(self, batch: int, height: int, width: int, seed: Any) -> Any:
        return {self._key: uniform(seed, (batch, 1, 1, 1), 1.0 - self.factor[0], 1.0 + self.factor[1])}

    def _range(
        self, factor: Any, name: str, bounds: tuple[float, float], least: float | None = None
    ) -> tuple[float, float]:
        found = super()._range(factor, name, bounds, least)
        return found if isinstance(factor, (int, float)) else (factor[0], factor[1])

    def _changed(self, images: Any, factors: Any) -> Any:
        mean = ops.mean(images, axis=(1, 2), keepdims=True)
        return self._clipped((images - mean) * factors + mean)


class RandomInvert(RandomColor):
    """Takes the negative of some pictures.

    Args:
        factor: of how many, as a part of all; or the least and the largest part.
        value_range: the least and largest value of a pixel.
        seed: determines the draws.
        data_format: where channels are; as configured by default.
        kwargs: those of ``Layer``.

    Example:
        >>> import numpy as np
        >>> RandomInvert((1.0, 1.0))(np.array([[[5.0]]])).tolist()
        [[[250.0]]]
    """

    _bounds = (0.0, 1.0)
    _key = "apply_inversion"

    def __init__(self, factor: Any = 1.0, *args: Any, **kwargs: Any) -> None:
        super().__init__(factor, *args, **kwargs)

    def _factors(self, drawn: Any, seed: Any) -> Any:
        return uniform(seed, drawn.shape, 0.0, 1.0) < drawn

    def _changed(self, images: Any, factors: Any) -> Any:
        return ops.where(factors, float(self.value_range[1]) - images, images)


class RandomPosterization(RandomColor):
    """Leaves so many bits of each value.

    Args:
        factor: how many bits, up to 8; or the least and the largest number.
        value_range: the least and largest value of a pixel.
        seed: determines the draws.
        data_format: where channels are; as configured by default.
        kwargs: those of ``Layer``.

    Example:
        >>> import numpy as np
        >>> RandomPosterization((2, 2))(np.array([[[130.0], [5.0]]])).tolist()
        [[[128.0], [0.0]]]
    """

    _bounds = (1.0, 8.0)
    _key = "shift_factor"

    def _draw(self, batch: int, height: int, width: int, seed: Any) -> Any:
        bits = ops.floor(uniform(seed, (batch, 1, 1, 1), *self.factor))
        return {self._key: 8.0 - bits}

    def _changed(self, images: Any, factors: Any) -> Any:
        step = ops.power(2.0, factors)
        whole = ops.floor(ops.clip(self._rescaled(images, self.value_range, (0, 255)), 0.0, 255.0))
        return self._rescaled(ops.floor(whole / step) * step, (0, 255), self.value_range)


class RandomSharpness(RandomColor):
    """Sharpens pictures, or blurs them.

    Args:
        factor: 0 blurs, 0.5 leaves pictures as they are, 1 sharpens; the least and the largest, or the largest.
        value_range: the least and largest value of a pixel.
        seed: determines the draws.
        data_format: where channels are; as configured by default.
        kwargs: those of ``Layer``.

    Example:
        >>> import numpy as np
        >>> RandomSharpness(0.5)(np.zeros((2, 4, 4, 3))).shape
        (2, 4, 4, 3)
    """

    _bounds = (0.0, 1.0)

    def _changed(self, images: Any, factors: Any) -> Any:
        window = ops.convert_to_tensor([[1.0, 1, 1], [1, 5, 1], [1, 1, 1]], images.dtype) / 13.0
        kernel = ops.tile(ops.reshape(window, (3, 3, 1, 1)), (1, 1, images.shape[-1], 1))
        smooth = ops.depthwise_conv(images, kernel, 1, "same", "channels_last")
        return self._clipped(images + (1.0 - 2.0 * factors) * (smooth - images))


class Solarization(RandomColor):
    """Adds to pictures, and takes the negative of values above a threshold.

    Args:
        addition_factor: how much is added at most, as a part of the range of values; or the least and the largest.
        threshold_factor: the threshold likewise.
        value_range: the least and largest value of a pixel.
        seed: determines the draws.
        kwargs: those of ``Layer``.

    Example:
        >>> import numpy as np
        >>> Solarization(0.0, 0.0)(np.array([[[5.0]]])).tolist()
        [[[250.0]]]
    """

    addition_factor: tuple[float, float]
    threshold_factor: tuple[float, float]

    def __init__(
        self,
        addition_factor: Any = 0.0,
        threshold_factor: Any = 0.0,
        value_range: Any = (0, 255),
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(0.0, value_range, seed, **kwargs)
        self._kept = tuple(name for name in self._kept if name != "factor")
        for name, factor in (("addition_factor", addition_factor), ("threshold_factor", threshold_factor)):
            self._keep(**{name: self._range(factor, name, (0.0, 1.0), least=0.0)})

    def _draw(self, batch: int, height: int, width: int, seed: Any) -> Any:
        shape = (batch, 1, 1, 1)
        return {
            "additions": uniform(seed, shape, self.addition_factor[0], self.addition_factor[1] * 255),
            "thresholds": uniform(seed, shape, self.threshold_factor[0], self.threshold_factor[1] * 255),
        }

    def _apply(self, images: Any, transformation: Any, interpolation: str) -> Any:
        drawn = (transformation[key] for key in ("additions", "thresholds"))
        additions, thresholds = (ops.cast(ops.reshape(x, (-1, 1, 1, 1)), images.dtype) for x in drawn)
        found = ops.clip(self._rescaled(images, self.value_range, (0, 255)) + additions, 0.0, 255.0)
        found = ops.where(found < thresholds, found, 255.0 - found)
        return self._rescaled(found, (0, 255), self.value_range)


class AutoContrast(RandomColor):
    """Spreads the values of each channel over their whole range.

    Args:
        value_range: the least and largest value of a pixel.
        kwargs: those of ``Layer``.

    Example:
        >>> import numpy as np
        >>> AutoContrast()(np.array([[[5.0], [6.0], [7.0]]])).tolist()
        [[[0.0], [127.5], [255.0]]]
    """

    def __init__(self, value_range: Any = (0, 255), **kwargs: Any) -> None:
        super().__init__(0.0, value_range, **kwargs)
        self._kept = tuple(name for name in self._kept if name not in ("factor", "seed"))

    def call(self, data: Any, training: bool = True) -> Any:
        """The pictures; in training and elsewhere."""
        return super().call(data, training=True)

    def _draw(self, batch: int, height: int, width: int, seed: Any) -> Any:
        return {}

    def _apply(self, images: Any, transformation: Any, interpolation: str) -> Any:
        low, high = ops.min(images, axis=(1, 2), keepdims=True), ops.max(images, axis=(1, 2), keepdims=True)
        flat = ops.equal(low, high)
        spread = self._rescaled((images - low) / ops.where(flat, 1.0, high - low), (0, 1), self.value_range)
        return ops.where(flat, images, spread)
