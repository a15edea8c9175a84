"""Random tensors and variables."""

from __future__ import annotations

from typing import Any

from rkeras import config, ops
from rkeras.backend._values import variable
from rkeras.compat.tf import random


def random_normal(shape: Any, mean: Any = 0.0, stddev: Any = 1.0, dtype: Any = None, seed: Any = None) -> Any:
    """Normally distributed numbers.

    Example:
        >>> random_normal((2, 3)).shape
        (2, 3)
    """
    return random.normal(shape, mean, stddev, dtype or config.floatx(), seed)


def truncated_normal(shape: Any, mean: Any = 0.0, stddev: Any = 1.0, dtype: Any = None, seed: Any = None) -> Any:
    """Normally distributed numbers, none further than two standard deviations from the mean.

    Example:
        >>> truncated_normal((2, 3)).shape
        (2, 3)
    """
    return random.truncated_normal(shape, mean, stddev, dtype or config.floatx(), seed)


def random_uniform(shape: Any, minval: Any = 0.0, maxval: Any = 1.0, dtype: Any = None, seed: Any = None) -> Any:
    """Evenly distributed numbers.

    Example:
        >>> random_uniform((2, 3)).shape
        (2, 3)
    """
    return random.uniform(shape, minval, maxval, dtype or config.floatx(), seed)


def random_bernoulli(shape: Any, p: float = 0.0, dtype: Any = None, seed: Any = None) -> Any:
    """Ones with probability ``p``, zeros otherwise.

    Example:
        >>> random_bernoulli((2,), p=1.0).tolist()
        [1.0, 1.0]
    """
    return ops.cast(random.uniform(shape, seed=seed) < p, dtype or config.floatx())


def random_normal_variable(
    shape: Any, mean: float, scale: float, dtype: Any = None, name: str | None = None, seed: Any = None
) -> Any:
    """A variable with normally distributed numbers.

    Example:
        >>> random_normal_variable((2, 3), 0.0, 1.0).shape
        (2, 3)
    """
    return variable(random_normal(shape, mean, scale, dtype, seed), dtype, name)


def random_uniform_variable(
    shape: Any, low: float, high: float, dtype: Any = None, name: str | None = None, seed: Any = None
) -> Any:
    """A variable with evenly distributed numbers.

    Example:
        >>> random_uniform_variable((2, 3), 0.0, 1.0).shape
        (2, 3)
    """
    return variable(random_uniform(shape, low, high, dtype, seed), dtype, name)
