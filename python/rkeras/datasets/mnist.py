"""MNIST: handwritten digits."""

from __future__ import annotations

from typing import Any

from rkeras.datasets._files import arrays

__all__ = ["load_data"]


def load_data(path: str = "mnist.npz") -> tuple[tuple[Any, Any], tuple[Any, Any]]:
    """Handwritten digits (LeCun, Cortes): 60,000 pictures to learn from and 10,000 to test.

    Args:
        path: the file's name in ``~/.keras/datasets``; it is downloaded if it is not there.

    Returns:
        ``(x_train, y_train), (x_test, y_test)``, NumPy arrays of uint8: grey values (n, 28, 28) from 0 to 255, and
        digits (n,).

    Raises:
        OSError: it is not there and cannot be downloaded.
        ValueError: what was downloaded is not the file.

    Example:
        >>> (x_train, y_train), (x_test, y_test) = load_data()  # doctest: +SKIP
        >>> x_train.shape, y_train.shape  # doctest: +SKIP
        ((60000, 28, 28), (60000,))
    """
    found = arrays("mnist.npz", path)
    return (found["x_train"], found["y_train"]), (found["x_test"], found["y_test"])
