"""CIFAR-100: small colour pictures of a hundred kinds."""

from __future__ import annotations

from typing import Any

from rkeras.datasets._cifar import read_batches

__all__ = ["load_data"]


def load_data(label_mode: str = "fine") -> tuple[tuple[Any, Any], tuple[Any, Any]]:
    """Small colour pictures (Krizhevsky 2009): 50,000 to learn from and 10,000 to test.

    Args:
        label_mode: ``fine`` for 100 kinds, ``coarse`` for the 20 that these belong to.

    Returns:
        ``(x_train, y_train), (x_test, y_test)``, NumPy arrays: uint8 pictures (n, 32, 32, 3), or (n, 3, 32, 32) if
        the configured layout puts channels first, and integer labels (n, 1).

    Raises:
        OSError: the file is not there and cannot be downloaded.
        ValueError: another mode, or what was downloaded is not the file.

    Example:
        >>> (x_train, y_train), (x_test, y_test) = load_data("coarse")  # doctest: +SKIP
        >>> x_train.shape, y_train.shape  # doctest: +SKIP
        ((50000, 32, 32, 3), (50000, 1))
    """
    if label_mode not in ("fine", "coarse"):
        raise ValueError(f"label_mode must be 'fine' or 'coarse', got {label_mode!r}")
    members = ["cifar-100-python/train", "cifar-100-python/test"]
    train, test = read_batches("cifar-100-python-target_archive", members, f"{label_mode}_labels".encode())
    return train, test
