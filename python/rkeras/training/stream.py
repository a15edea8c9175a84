"""Batches from anything that yields them: generators, iterables, indexed datasets."""

from __future__ import annotations

import itertools
import random
from collections.abc import Generator, Iterable, Iterator
from typing import Any

from rkeras.training.prefetch import prefetched
from rkeras.training.structure import is_container


class Stream:
    """Batches that come one by one: generators, iterables and indexed datasets (``__getitem__`` and
    ``__len__``).

    Args:
        source: the dataset.
        shuffle: whether to shuffle the order of an indexed dataset's batches.
    """

    def __init__(self, source: Any, shuffle: bool | str) -> None:
        self.source = source
        self.indexed = is_indexed(source)
        self._shuffle = bool(shuffle) and self.indexed
        self._generator = random.Random(random.getrandbits(64)) if self._shuffle else None
        self._before: Any = None
        self._iterator: Iterator[Any] | None = None
        self._taken = 0
        self.used = False
        """Whether a batch was ever taken."""
        self.exhausted = False
        """Whether this was a generator that has ended, so that there is nothing for another epoch."""

    @property
    def count(self) -> int | None:
        """Batches in a pass, if known."""
        if self.indexed and hasattr(self.source, "num_batches"):
            batches = self.source.num_batches
            return None if batches is None else int(batches)
        try:
            return len(self.source)
        except TypeError:
            return None

    def iterator(self, fresh: bool) -> Iterator[Any]:
        """The iterator in progress, or a new one if there is none, or if ``fresh``.

        A generator cannot start anew: it goes on.
        """
        if self._iterator is None or (fresh and self._iterator is not self.source):
            self._start(0)
        assert self._iterator is not None
        return self._iterator

    def take(self) -> Any:
        """The next batch.

        Raises:
            StopIteration: if there is none in this pass.
        """
        try:
            batch = next(self.iterator(fresh=False))
        except StopIteration:
            self.exhausted = self._iterator is self.source
            raise
        self._taken += 1
        self.used = True
        return batch

    def _start(self, first: int) -> None:
        self.close()
        self._taken = first
        if self.indexed:
            self._iterator = self._indexed_batches(first)
        else:
            self._iterator = iter(self.source)
            if first and self._iterator is not self.source:
                self._iterator = itertools.islice(self._iterator, first, None)

    def state(self) -> dict[str, Any]:
        """Order and position of this pass, for ``restore``."""
        return {"order": self._before, "position": self._taken}

    def restore(self, state: dict[str, Any]) -> None:
        """Goes to the position of another run over the same dataset; a generator goes on where it is."""
        if self._generator is not None and state["order"] is not None:
            version, numbers, gauss = state["order"]
            self._generator.setstate((version, tuple(numbers), gauss))
        self._start(int(state["position"]))

    def restart(self) -> Iterator[Any] | None:
        """A new iterator for the next pass; None if the source is used up for good."""
        if self._iterator is self.source:
            return None
        return self.iterator(fresh=True)

    def begin_pass(self) -> None:
        """Tells an indexed dataset that an epoch begins."""
        if self.indexed and hasattr(self.source, "on_epoch_begin"):
            self.source.on_epoch_begin()

    def end_pass(self) -> None:
        """Tells an indexed dataset that an epoch is over."""
        if self.indexed and hasattr(self.source, "on_epoch_end"):
            self.source.on_epoch_end()

    def close(self) -> None:
        """Ends workers that make batches; what the user passed is left as it is."""
        if self.indexed and isinstance(self._iterator, Generator):
            self._iterator.close()

    def _indexed_batches(self, first: int) -> Iterator[Any]:
        count = self.count
        indices: Iterable[int] = itertools.count(first)
        if count is not None:
            order = list(range(count))
            if self._generator is not None:
                self._before = self._generator.getstate()
                self._generator.shuffle(order)
            indices = order[first:]
        return self._made(indices)

    def _made(self, indices: Iterable[int]) -> Iterator[Any]:
        workers = getattr(self.source, "workers", 1)
        processes = getattr(self.source, "use_multiprocessing", False)
        if workers > 1 or (workers > 0 and processes):
            ahead = getattr(self.source, "max_queue_size", 10)
            yield from prefetched(self.source, indices, workers, processes, ahead)
        else:
            for index in indices:
                yield self.source[index]


def is_indexed(source: Any) -> bool:
    """Whether ``source`` is a dataset of batches by index, as ``PyDataset`` and ``Sequence`` are."""
    return hasattr(source, "__getitem__") and (hasattr(source, "__len__") or hasattr(source, "num_batches"))


def is_stream(x: Any) -> bool:
    """Whether ``x`` yields batches, and so brings its labels along.

    >>> import numpy as np
    >>> is_stream(iter([1])), is_stream([1]), is_stream(np.zeros(1))
    (True, False, False)
    """
    if (
        is_container(x)
        or x is None
        or isinstance(x, (str, bytes))
        or hasattr(x, "__array__")
        or hasattr(x, "toarray")
        or hasattr(x, "iloc")
    ):
        return False
    return is_indexed(x) or hasattr(x, "__iter__") or hasattr(x, "__next__")
