"""Multiplicative noise."""

from __future__ import annotations

from typing import Any

from rkeras import _engine
from rkeras.compat.arguments import old_arguments
from rkeras.layers._arguments import ArgumentLayer
from rkeras.layers.regularization.dropout import checked_rate
from rkeras.random.seed_generator import SeedGenerator


class GaussianDropout(ArgumentLayer):
    """Multiplies with normal noise of mean one in training (Srivastava et al. 2014).

    Args:
        rate: the noise has the standard deviation ``sqrt(rate / (1 - rate))``, that of dropout.
        seed: determines the draws.
        kwargs: those of ``Layer``.

    Example:
        >>> import numpy as np
        >>> GaussianDropout(0.1)(np.ones(3)).tolist()
        [1.0, 1.0, 1.0]
    """

    rate: float

    @old_arguments("dropout")
    def __init__(self, rate: float, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._keep(rate=checked_rate("GaussianDropout", rate, 1), seed=seed)
        self.supports_masking = True
        if rate > 0:
            self.seed_generator = SeedGenerator(seed)

    def call(self, inputs: Any, training: bool | None = False) -> Any:
        """The inputs, in training with noise."""
        if not training or self.rate == 0:
            return inputs
        shape, dtype = list(inputs.shape), inputs.dtype
        stddev = (self.rate / (1.0 - self.rate)) ** 0.5
        seed = self.seed_generator.next()
        noise = _engine.apply("random_normal", seed, shape=shape, mean=1.0, stddev=stddev, dtype=dtype)
        return _engine.apply("multiply", inputs, noise)
