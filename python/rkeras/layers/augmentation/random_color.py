"""The frame of layers that change colours."""

from __future__ import annotations

from typing import Any

from rkeras import ops
from rkeras.layers.augmentation.base import RandomPictureLayer, range_of, uniform


class RandomColor(RandomPictureLayer):
    """A layer with one factor, from ``factor[0]`` to ``factor[1]``, for each picture."""

    # The name of the factors among the results of `get_random_transformation`.
    _key = "factor"
    # For a single number as `factor`, the least value, if it is not the negated number.
    _least: float | None = None
    factor: tuple[float, float]
    value_range: tuple[float, float]

    def __init__(
        self,
        factor: Any,
        value_range: Any = (0, 255),
        seed: int | None = None,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(seed=seed, data_format=data_format, **kwargs)
        self._keep_factor(factor, least=self._least)
        self._keep(value_range=range_of(type(self).__name__, value_range))

    def _draw(self, batch: int, height: int, width: int, seed: Any) -> Any:
        return {self._key: self._factors(uniform(seed, (batch, 1, 1, 1), *self.factor), seed)}

    def _factors(self, drawn: Any, seed: Any) -> Any:
        """What is made of the factors as they were drawn."""
        return drawn

    def _apply(self, images: Any, transformation: Any, interpolation: str) -> Any:
        factors = ops.reshape(transformation[self._key], (-1, 1, 1, 1))
        return self._changed(images, factors if factors.dtype == "bool" else ops.cast(factors, images.dtype))

    def _changed(self, images: Any, factors: Any) -> Any:
        """Pictures (batch, rows, columns, channels) changed by factors (batch, 1, 1, 1)."""
        raise NotImplementedError

    def _clipped(self, images: Any) -> Any:
        return ops.clip(images, float(self.value_range[0]), float(self.value_range[1]))

    def _rescaled(self, images: Any, old: tuple[float, float], new: tuple[float, float]) -> Any:
        if tuple(old) == tuple(new):
            return images
        return (images - old[0]) * ((new[1] - new[0]) / (old[1] - old[0])) + new[0]
