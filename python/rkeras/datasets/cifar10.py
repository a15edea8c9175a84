"""CIFAR-10: small colour pictures of ten kinds."""

from __future__ import annotations

from typing import Any

import numpy as np

from rkeras.datasets._cifar import read_batches

__all__ = ["load_data"]

_MEMBERS = [f"cifar-10-batches-py/{name}" for name in (*(f"data_batch_{i}" for i in range(1, 6)), "test_batch")]


def load_data() -> tuple[tuple[Any, Any], tuple[Any, Any]]:
    """Small colour pictures (Krizhevsky 2009): 50,000 to learn from and 10,000 to test.

    The labels are 0 airplane, 1 automobile, 2 bird, 3 cat, 4 deer, 5 dog, 6 frog, 7 horse, 8 ship, 9 truck.

    Returns:
        ``(x_train, y_train), (x_test, y_test)``, NumPy arrays of uint8: pictures (n, 32, 32, 3), or (n, 3, 32, 32) if
        the configured layout puts channels first, and labels (n, 1).

    Raises:
        OSError: the file is not there and cannot be downloaded.
        ValueError: what was downloaded is not the file.

    Example:
        >>> (x_train, y_train), (x_test, y_test) = load_data()  # doctest: +SKIP
        >>> x_train.shape, y_train.shape  # doctest: +SKIP
        ((50000, 32, 32, 3), (50000, 1))
    """
    *train, test = read_batches("cifar-10-batches-py-target_archive", _MEMBERS, b"labels")
    pictures, labels = (np.concatenate(parts) for parts in zip(*train, strict=True))
    return (pictures, labels.astype("uint8")), (test[0], test[1].astype("uint8"))
