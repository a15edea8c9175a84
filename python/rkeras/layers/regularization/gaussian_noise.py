"""Additive noise."""

from __future__ import annotations

from typing import Any

from rkeras import _engine
from rkeras.compat.arguments import old_arguments
from rkeras.layers._arguments import ArgumentLayer
from rkeras.random.seed_generator import SeedGenerator


class GaussianNoise(ArgumentLayer):
    """Adds normal noise of mean zero in training.

    Args:
        stddev: its standard deviation.
        seed: determines the draws.
        kwargs: those of ``Layer``.

    Example:
        >>> import numpy as np
        >>> GaussianNoise(0.1)(np.ones(3)).tolist()
        [1.0, 1.0, 1.0]
    """

    stddev: float

    @old_arguments("gaussian_noise")
    def __init__(self, stddev: float, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if not isinstance(stddev, (int, float)) or stddev < 0:
            raise ValueError(
                f"GaussianNoise needs a standard deviation that is not negative, got stddev={stddev!r}"
            )
        self._keep(stddev=stddev, seed=seed)
        self.supports_masking = True
        if stddev > 0:
            self.seed_generator = SeedGenerator(seed)

    def call(self, inputs: Any, training: bool | None = False) -> Any:
        """The inputs, in training with noise."""
        if not training or self.stddev == 0:
            return inputs
        shape, dtype = list(inputs.shape), inputs.dtype
        seed = self.seed_generator.next()
        noise = _engine.apply(
            "random_normal", seed, shape=shape, mean=0.0, stddev=float(self.stddev), dtype=dtype
        )
        return _engine.apply("add", inputs, noise)
