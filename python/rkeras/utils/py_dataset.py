"""Datasets by index: batches that are made when they are needed."""

from __future__ import annotations

from typing import Any


class PyDataset:
    """A dataset of batches; subclasses define ``__getitem__`` and ``__len__``.

    ``dataset[i]`` gives batch ``i`` as ``(x, y)`` or ``(x, y, sample_weight)``; ``len(dataset)`` tells how
    many there are. Without ``__len__`` it has no end.

    Args:
        workers: how many threads or processes make batches ahead; 1 makes each when it is needed.
        use_multiprocessing: whether they are processes.
        max_queue_size: how many batches may wait.

    >>> class Squares(PyDataset):
    ...     def __len__(self):
    ...         return 3
    ...     def __getitem__(self, i):
    ...         return [i], [i * i]
    >>> Squares().num_batches
    3
    """

    def __init__(self, workers: int = 1, use_multiprocessing: bool = False, max_queue_size: int = 10) -> None:
        self.workers = workers
        self.use_multiprocessing = use_multiprocessing
        self.max_queue_size = max_queue_size

    def __getitem__(self, index: int) -> Any:
        raise NotImplementedError(
            f"{type(self).__name__} must define __getitem__(self, index), which makes a batch."
        )

    @property
    def num_batches(self) -> int | None:
        """How many batches there are; None if there is no end."""
        return len(self) if hasattr(self, "__len__") else None

    def on_epoch_begin(self) -> None:
        """Called before each pass."""

    def on_epoch_end(self) -> None:
        """Called after each pass; a place to reorder the samples."""
