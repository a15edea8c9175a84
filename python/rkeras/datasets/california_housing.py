"""Prices of houses in California."""

from __future__ import annotations

from typing import Any

from rkeras.datasets._files import arrays
from rkeras.datasets._parts import shuffled, split

__all__ = ["load_data"]

_ROWS = {"small": 600, "large": None}


def load_data(
    version: str = "large", path: str = "california_housing.npz", test_split: float = 0.2, seed: int = 113
) -> tuple[tuple[Any, Any], tuple[Any, Any]]:
    """Prices of houses in 20,640 districts of California, and 8 columns about them (census of 1990).

    A district has some hundred to some thousand inhabitants.

    Args:
        version: ``large``, or ``small`` for the first 600 districts.
        path: the file's name in ``~/.keras/datasets``; it is downloaded if it is not there.
        test_split: fraction of the districts that is for tests.
        seed: determines the order of the districts.

    Returns:
        ``(x_train, y_train), (x_test, y_test)``, NumPy arrays: the columns (n, 8) as the file has them, and median
        prices (n,) in dollars.

    Raises:
        OSError: it is not there and cannot be downloaded.
        ValueError: no such version or fraction, or what was downloaded is not the file.

    Example:
        >>> (x_train, y_train), (x_test, y_test) = load_data("small")  # doctest: +SKIP
        >>> x_train.shape, x_test.shape  # doctest: +SKIP
        ((480, 8), (120, 8))
    """
    if version not in _ROWS:
        raise ValueError(f"version must be one of {tuple(_ROWS)}, got {version!r}")
    found = arrays("california_housing.npz", path)
    rows = slice(_ROWS[version])
    return split(*shuffled(found["x"][rows], found["y"][rows], seed), test_split)
