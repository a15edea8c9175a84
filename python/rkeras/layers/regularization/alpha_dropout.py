"""Dropout for self-normalizing networks."""

from __future__ import annotations

from typing import Any

from rkeras import _engine, ops
from rkeras.layers.regularization.dropout import Dropout

# What SELU tends to for very negative inputs: -alpha * scale (Klambauer et al. 2017).
_LEAST = -1.6732632423543772 * 1.0507009873554805


class AlphaDropout(Dropout):
    """Sets elements to SELU's least value at random in training and keeps mean and variance.

    Args:
        rate: the fraction that is dropped.
        noise_shape: shape of the mask, with 1 for axes along which elements share their fate and None for
            axes of the input's size.
        seed: determines the draws.
        kwargs: those of ``Layer``.

    Example:
        >>> import numpy as np
        >>> AlphaDropout(0.5)(np.ones(3)).tolist()
        [1.0, 1.0, 1.0]
    """

    def call(self, inputs: Any, training: bool | None = False) -> Any:
        """The inputs, or in training what is left of them."""
        if not training or self.rate == 0:
            return inputs
        shape = self._noise_shape(tuple(inputs.shape)) or tuple(inputs.shape)
        seed = self.seed_generator.next()
        draws = _engine.apply("random_uniform", seed, shape=list(shape), low=0.0, high=1.0, dtype="float32")
        kept = ops.greater_equal(draws, self.rate)
        rate = min(self.rate, 1.0 - 1e-7)
        scale = ((1.0 - rate) * (1.0 + rate * _LEAST**2)) ** -0.5
        return ops.where(kept, inputs, _LEAST) * scale - scale * _LEAST * rate
