"""Prices of houses in Boston."""

from __future__ import annotations

from typing import Any

from rkeras.datasets._files import arrays
from rkeras.datasets._parts import shuffled, split

__all__ = ["load_data"]


def load_data(
    path: str = "boston_housing.npz", test_split: float = 0.2, seed: int = 113
) -> tuple[tuple[Any, Any], tuple[Any, Any]]:
    """Prices of 506 houses in Boston and 13 columns about where they stand (Harrison, Rubinfeld 1978).

    One of the columns was made from the share of Black inhabitants, on the assumption that it lowers prices. For
    anything but a study of that, take ``california_housing``.

    Args:
        path: the file's name in ``~/.keras/datasets``; it is downloaded if it is not there.
        test_split: fraction of the houses that is for tests.
        seed: determines the order of the houses.

    Returns:
        ``(x_train, y_train), (x_test, y_test)``, NumPy arrays of float64: columns (n, 13), and prices (n,) in
        thousands of dollars.

    Raises:
        OSError: it is not there and cannot be downloaded.
        ValueError: no such fraction, or what was downloaded is not the file.

    Example:
        >>> (x_train, y_train), (x_test, y_test) = load_data()  # doctest: +SKIP
        >>> x_train.shape, x_test.shape  # doctest: +SKIP
        ((404, 13), (102, 13))
    """
    found = arrays("boston_housing.npz", path)
    return split(*shuffled(found["x"], found["y"], seed), test_split)
