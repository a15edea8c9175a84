"""Windows of a time series as batches."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np


def timeseries_dataset_from_array(
    data: Any,
    targets: Any,
    sequence_length: int,
    sequence_stride: int = 1,
    sampling_rate: int = 1,
    batch_size: int | None = 128,
    shuffle: bool = False,
    seed: int | None = None,
    start_index: int | None = None,
    end_index: int | None = None,
) -> Any:
    """A dataset of windows of a series.

    Args:
        data: the series (times, …).
        targets: ``targets[i]`` belongs to the window that begins at time ``i``; None for none.
        sequence_length: times in a window.
        sequence_stride: distance of windows.
        sampling_rate: distance of times within a window.
        batch_size: windows in a batch; None for single windows.
        shuffle: whether the windows are in random order.
        seed: of that order.
        start_index: first time used.
        end_index: first time not used any more.

    Returns:
        A ``tf.data.Dataset`` of windows, or of pairs of windows and targets.

    Raises:
        ValueError: the numbers do not fit the series.

    Example:
        >>> [batch.tolist() for batch in timeseries_dataset_from_array(np.arange(5), None, 3, batch_size=2)]
        [[[0, 1, 2], [1, 2, 3]], [[2, 3, 4]]]
    """
    from rkeras.compat.tf.data import Dataset

    data = np.asarray(data)
    targets = None if targets is None else np.asarray(targets)
    first, end = start_index or 0, len(data) if end_index is None else end_index
    for name, value in (("sequence_stride", sequence_stride), ("sampling_rate", sampling_rate)):
        if not 0 < value < len(data):
            raise ValueError(
                f"timeseries_dataset_from_array: {name} must be from 1 to {len(data) - 1} for a series of "
                f"{len(data)} times, got {value}"
            )
    if not 0 <= first < end <= len(data):
        raise ValueError(
            f"timeseries_dataset_from_array: start_index {start_index} and end_index {end_index} must be times in "
            f"this order, of a series of {len(data)}"
        )
    count = end - first - (sequence_length - 1) * sampling_rate
    if targets is not None:
        count = min(count, len(targets) - first)
    starts = first + np.arange(0, max(count, 0), sequence_stride)
    offsets = sampling_rate * np.arange(sequence_length)
    random = np.random.RandomState(np.random.randint(10**6) if seed is None else seed)
    size = batch_size or 1

    def batches() -> Iterator[Any]:
        order = random.permutation(starts) if shuffle else starts
        for i in range(0, len(order), size):
            times = order[i : i + size]
            windows = data[times[:, None] + offsets]
            if batch_size is None:
                yield windows[0] if targets is None else (windows[0], targets[times[0]])
            else:
                yield windows if targets is None else (windows, targets[times])

    return Dataset(batches, -(-len(starts) // size))
