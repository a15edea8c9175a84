"""Dropout."""

from __future__ import annotations

from typing import Any

from rkeras import _engine
from rkeras.compat.arguments import old_arguments
from rkeras.layers._arguments import ArgumentLayer
from rkeras.random.seed_generator import SeedGenerator


def checked_rate(layer: str, rate: Any, least_excluded: float | None = None) -> float:
    """The rate; ValueError unless it is a number from 0 to 1.

    Args:
        layer: class of the layer, for the error.
        rate: what was given.
        least_excluded: a rate from which on the layer has no meaning.

    Example:
        >>> checked_rate("Dropout", 0.5)
        0.5
    """
    fits = not isinstance(rate, bool) and isinstance(rate, (int, float)) and 0 <= rate <= 1
    if not fits or (least_excluded is not None and rate >= least_excluded):
        raise ValueError(f"{layer} needs the fraction to drop, a number from 0 to 1, got rate={rate!r}")
    return float(rate)


class Dropout(ArgumentLayer):
    """Sets elements to zero at random in training and scales the rest up, to keep the mean.

    Args:
        rate: the fraction that becomes zero.
        noise_shape: shape of the mask, with 1 for axes along which elements share their fate and None for
            axes of the input's size.
        seed: determines the draws.
        kwargs: those of ``Layer``.

    Example:
        >>> import numpy as np
        >>> layer = Dropout(0.5, seed=1)
        >>> layer(np.ones(3)).tolist()
        [1.0, 1.0, 1.0]
        >>> sorted({0.0, 2.0} | set(layer(np.ones(9), training=True).tolist()))
        [0.0, 2.0]
    """

    rate: float
    noise_shape: tuple[int | None, ...] | None

    @old_arguments("dropout")
    def __init__(self, rate: float, noise_shape: Any = None, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        rate = checked_rate(type(self).__name__, rate)
        if noise_shape is not None:
            noise_shape = tuple(noise_shape)
            if not all(size is None or (isinstance(size, int) and size > 0) for size in noise_shape):
                raise ValueError(
                    f"noise_shape holds positive sizes, or None for the input's, got "
                    f"noise_shape={noise_shape}"
                )
        self._keep(rate=rate, seed=seed, noise_shape=noise_shape)
        self.supports_masking = True
        if rate > 0:
            self.seed_generator = SeedGenerator(seed)

    def _noise_shape(self, shape: tuple[int, ...]) -> tuple[int, ...] | None:
        """The mask's shape; None for that of the input."""
        if self.noise_shape is None:
            return None
        if len(self.noise_shape) != len(shape):
            raise ValueError(
                f"noise_shape={self.noise_shape} has not as many axes as the input of shape {shape}"
            )
        return tuple(n if m is None else m for m, n in zip(self.noise_shape, shape, strict=True))

    def call(self, inputs: Any, training: bool | None = False) -> Any:
        """The inputs, or in training what is left of them."""
        if not training or self.rate == 0:
            return inputs
        seed = self.seed_generator.next()
        shape = self._noise_shape(tuple(inputs.shape))
        if shape is None:
            return _engine.apply("dropout", inputs, seed, rate=self.rate)
        ones = _engine.apply("full", shape=list(shape), value=1.0, dtype=inputs.dtype)
        return _engine.apply("multiply", inputs, _engine.apply("dropout", ones, seed, rate=self.rate))
