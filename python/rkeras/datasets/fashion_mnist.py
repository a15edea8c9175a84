"""Fashion-MNIST: pictures of clothes."""

from __future__ import annotations

import gzip
import os
import struct
from typing import Any

import numpy as np

from rkeras.datasets._files import fetch

__all__ = ["load_data"]


def load_data() -> tuple[tuple[Any, Any], tuple[Any, Any]]:
    """Pictures of clothes (Xiao, Rasul, Vollgraf 2017): 60,000 to learn from and 10,000 to test.

    The labels are 0 T-shirt or top, 1 trousers, 2 pullover, 3 dress, 4 coat, 5 sandal, 6 shirt, 7 sneaker, 8 bag,
    9 ankle boot. The files are kept in ``~/.keras/datasets/fashion-mnist``.

    Returns:
        ``(x_train, y_train), (x_test, y_test)``, NumPy arrays of uint8: grey values (n, 28, 28) from 0 to 255, and
        labels (n,).

    Raises:
        OSError: files are not there and cannot be downloaded.
        ValueError: a file is not what it should be.

    Example:
        >>> (x_train, y_train), (x_test, y_test) = load_data()  # doctest: +SKIP
        >>> x_train.shape, y_train.shape  # doctest: +SKIP
        ((60000, 28, 28), (60000,))
    """
    train, test = (
        (_read_idx(f"{part}-images-idx3-ubyte.gz", 3), _read_idx(f"{part}-labels-idx1-ubyte.gz", 1))
        for part in ("train", "t10k")
    )
    return train, test


def _read_idx(file: str, rank: int) -> Any:
    """The bytes of an IDX file: two zeros, the code of uint8, the number of axes, their sizes, the elements."""
    path = fetch(file, folder=os.path.join("datasets", "fashion-mnist"))
    with gzip.open(path) as opened:
        data = opened.read()
    header = 4 + 4 * rank
    if data[:4] != bytes([0, 0, 8, rank]) or len(data) < header:
        raise ValueError(f"{path} is no IDX file of bytes with {rank} axes; delete it to have it downloaded again")
    shape = struct.unpack_from(f">{rank}I", data, 4)
    if len(data) - header != np.prod(shape, dtype=object):
        raise ValueError(f"{path} has {len(data) - header} elements, its shape is {shape}; delete it to try again")
    return np.frombuffer(data, np.uint8, offset=header).reshape(shape).copy()
