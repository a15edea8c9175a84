"""Samples in an order of chance, and their last part for tests."""

from __future__ import annotations

from typing import Any

import numpy as np


def shuffled(x: Any, y: Any, seed: int | np.random.RandomState) -> tuple[Any, Any]:
    """Samples and labels in the order that Keras gives them.

    Args:
        x: samples.
        y: labels.
        seed: determines the order; or where the numbers of chance go on.

    Returns:
        Both in the same new order.

    Example:
        >>> x, y = shuffled(np.arange(4), np.arange(4) * 10, 113)
        >>> bool((y == x * 10).all())
        True
    """
    order = np.arange(len(x))
    random = seed if isinstance(seed, np.random.RandomState) else np.random.RandomState(seed)
    random.shuffle(order)
    return x[order], y[order]


def split(x: Any, y: Any, test_split: float) -> tuple[tuple[Any, Any], tuple[Any, Any]]:
    """Samples and labels to learn from, and the last part of them.

    Raises:
        ValueError: the part is not a fraction below one.

    Example:
        >>> split([1, 2, 3, 4], [5, 6, 7, 8], 0.25)
        (([1, 2, 3], [5, 6, 7]), ([4], [8]))
    """
    if not 0 <= test_split < 1:
        raise ValueError(f"test_split must be at least 0 and below 1, got {test_split}")
    count = int(len(x) * (1 - test_split))
    return (x[:count], y[:count]), (x[count:], y[count:])
