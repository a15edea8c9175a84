"""Batches of pictures, by number or without end."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator as AnyIterator
from typing import Any

import numpy as np
import numpy.typing as npt

from rkeras.preprocessing.image.pictures import array_to_img
from rkeras.utils.py_dataset import PyDataset

Array = npt.NDArray[Any]


class Iterator(PyDataset):
    """Batches of samples that a generator of pictures varies.

    ``iterator[i]`` is a batch and ``len(iterator)`` how many an epoch has; ``next(iterator)`` goes on without end.
    Subclasses define ``_get_batches_of_transformed_samples(index_array)``.

    Random numbers are NumPy's, of ``numpy.random.seed``, as scripts expect.

    Args:
        n: number of samples.
        batch_size: samples in a batch.
        shuffle: whether each epoch has another order.
        seed: makes order and variations the same each time.
        kwargs: the arguments of ``PyDataset``.

    Example:
        >>> class Numbers(Iterator):
        ...     def _get_batches_of_transformed_samples(self, index_array):
        ...         return index_array
        >>> numbers = Numbers(5, batch_size=2, shuffle=False, seed=None)
        >>> [numbers[i].tolist() for i in range(len(numbers))]
        [[0, 1], [2, 3], [4]]
    """

    white_list_formats = ("png", "jpg", "jpeg", "bmp", "ppm", "tif", "tiff")

    def __init__(self, n: int, batch_size: int, shuffle: bool, seed: int | None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.n, self.batch_size, self.shuffle, self.seed = n, batch_size, shuffle, seed
        self.batch_index = 0
        self.total_batches_seen = 0
        self.index_array: Array | None = None
        self._lock = threading.Lock()

    def __getstate__(self) -> dict[str, Any]:
        # Worker processes get a copy, each with a lock of its own.
        return {name: value for name, value in vars(self).items() if name != "_lock"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return -(-self.n // self.batch_size)

    def __getitem__(self, index: int) -> Any:
        if not 0 <= index < len(self):
            raise IndexError(f"batch {index} of {len(self)}")
        with self._lock:
            self._begin_batch()
            if self.index_array is None:
                self._set_index_array()
            samples = self._samples(index)
        return self._get_batches_of_transformed_samples(samples)

    def __iter__(self) -> AnyIterator[Any]:
        return self

    def __next__(self) -> Any:
        with self._lock:
            self._begin_batch()
            if self.batch_index == 0 or self.index_array is None:
                self._set_index_array()
            samples = self._samples(self.batch_index)
            self.batch_index = (self.batch_index + 1) % max(len(self), 1)
        return self._get_batches_of_transformed_samples(samples)

    next = __next__

    def _begin_batch(self) -> None:
        if self.seed is not None:
            np.random.seed(self.seed + self.total_batches_seen)
        self.total_batches_seen += 1

    def _samples(self, batch: int) -> Array:
        assert self.index_array is not None
        return self.index_array[self.batch_size * batch : self.batch_size * (batch + 1)]

    def _set_index_array(self) -> None:
        self.index_array = np.random.permutation(self.n) if self.shuffle else np.arange(self.n)

    def on_epoch_end(self) -> None:
        """Takes another order."""
        self._set_index_array()

    def reset(self) -> None:
        """Lets ``next`` begin again with the first batch."""
        self.batch_index = 0

    def _get_batches_of_transformed_samples(self, index_array: Array) -> Any:
        raise NotImplementedError(
            f"{type(self).__name__} must define _get_batches_of_transformed_samples(self, index_array)"
        )


def save_pictures(
    batch: Array, index_array: Array, folder: str, prefix: str, file_format: str, data_format: str
) -> None:
    """Writes a batch to files, to look at.

    Args:
        batch: pictures.
        index_array: their numbers, part of the names.
        folder: where to.
        prefix: first part of the names.
        file_format: last part of the names.
        data_format: where channels are.
    """
    for picture, number in zip(batch, index_array, strict=True):
        # The same picture comes again in the next epoch.
        name = f"{prefix}_{number}_{np.random.randint(10_000_000)}.{file_format}"
        array_to_img(picture, data_format, scale=True).save(os.path.join(folder, name))
