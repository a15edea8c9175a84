"""Data in two parts."""

from __future__ import annotations

import random
from typing import Any

import numpy as np

from rkeras import tree


def split_dataset(
    dataset: Any,
    left_size: float | None = None,
    right_size: float | None = None,
    shuffle: bool = False,
    seed: int | None = None,
) -> tuple[Any, Any]:
    """Two datasets with the samples of one.

    Args:
        dataset: an array, a tuple, list or dict of arrays of the same length, or a dataset to iterate over.
        left_size: number of samples of the first part, or their share; what the other leaves by default.
        right_size: likewise of the second.
        shuffle: whether samples are shuffled before.
        seed: of that.

    Returns:
        Two ``tf.data.Dataset`` of samples.

    Raises:
        TypeError: a size is no number.
        ValueError: sizes do not fit the data, or none is given.

    Example:
        >>> left, right = split_dataset(np.arange(4), left_size=0.75)
        >>> [int(x) for x in left], [int(x) for x in right]
        ([0, 1, 2], [3])
    """
    from rkeras.compat.tf.data import Dataset

    arrays = dataset
    if not isinstance(dataset, (np.ndarray, tuple, list, dict)):
        samples = [tree.map_structure(np.asarray, sample) for sample in dataset]
        if not samples:
            raise ValueError("split_dataset: the dataset is empty")
        arrays = tree.map_structure(lambda *leaves: np.stack(leaves), *samples)
    elif isinstance(dataset, list):
        # A list of arrays is one of components, as a tuple is; samples come as tuples.
        arrays = tuple(dataset)
    arrays = tree.map_structure(np.asarray, arrays)
    counts = {len(leaf) for leaf in tree.flatten(arrays)}
    if len(counts) != 1:
        raise ValueError(f"split_dataset: arrays of different lengths: {sorted(counts)}")
    count = counts.pop()
    left, right = _sizes(count, left_size, right_size)
    order = list(range(count))
    if shuffle:
        random.Random(seed).shuffle(order)

    def part(rows: list[int]) -> Any:
        return Dataset.from_tensor_slices(tree.map_structure(lambda leaf: leaf[rows], arrays))

    return part(order[:left]), part(order[count - right :])


def _sizes(count: int, left: float | None, right: float | None) -> tuple[int, int]:
    if left is None and right is None:
        raise ValueError("split_dataset: give left_size, right_size or both")
    numbers = []
    for name, size in (("left_size", left), ("right_size", right)):
        if size is not None and (isinstance(size, bool) or not isinstance(size, (int, float))):
            raise TypeError(f"split_dataset: {name} must be a number of samples or a share, got {size!r}")
        limit = 1 if isinstance(size, float) else count
        if size is not None and not 0 <= size <= limit:
            raise ValueError(f"split_dataset: {name} must be from 0 to {limit}, got {size!r}")
        numbers.append(size)
    left, right = numbers
    if isinstance(left, float):
        left = round(left * count)
    if isinstance(right, float):
        # Rounded down, so that two shares that make 1 have room.
        right = int(right * count) if left is not None else round(right * count)
    left, right = (count - right if left is None else left), (count - left if right is None else right)  # type: ignore[operator]
    if left + right > count or not left or not right:
        raise ValueError(f"split_dataset: {count} samples make no parts of {left} and {right}")
    return int(left), int(right)
