"""Which elements of a pipeline, in what order."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from rkeras.compat.tf._datasets.core import INFINITE, Elements, Pipeline
from rkeras.compat.tf._elements import through_buffer

if TYPE_CHECKING:
    from rkeras.compat.tf._datasets.dataset import Dataset


class Ordered(Pipeline):
    """Elements left out, repeated and shuffled. Rows of arrays do these to the numbers of rows instead."""

    def take(self, count: Any, name: str | None = None) -> Dataset:
        """The first elements; all of them for -1."""
        del name
        n = int(count)
        if n < 0:
            return self._made(self._elements, self._count)
        return self._reordered(lambda: itertools.islice(self._elements(), n), self._sized(lambda c: min(c, n), n))

    def skip(self, count: Any, name: str | None = None) -> Dataset:
        """All but the first elements."""
        del name
        n = int(count)
        skipped = self._sized(lambda c: max(c - n, 0) if n >= 0 else 0)
        return self._reordered(lambda: itertools.islice(self._elements(), n, None) if n >= 0 else iter(()), skipped)

    def repeat(self, count: Any = None, name: str | None = None) -> Dataset:
        """The elements again and again; without end if ``count`` is None or -1."""
        del name
        n = None if count is None or int(count) < 0 else int(count)

        def elements() -> Iterator[Any]:
            for _ in itertools.count() if n is None else range(n):
                empty = True
                for element in self._elements():
                    empty = False
                    yield element
                if empty:
                    return

        endless = n is None and self._count != 0
        return self._reordered(elements, INFINITE if endless else self._sized(lambda c: c * (n or 0)))

    def shuffle(
        self,
        buffer_size: Any,
        seed: Any = None,
        reshuffle_each_iteration: bool | None = None,
        name: str | None = None,
    ) -> Dataset:
        """The elements in random order.

        Args:
            buffer_size: among how many elements next in line each is chosen.
            seed: an int for the same orders each time.
            reshuffle_each_iteration: whether each pass has another order; True by default.
            name: of no meaning.
        """
        del name
        size = int(buffer_size)
        if size < 1:
            raise ValueError(f"Dataset.shuffle needs a buffer_size of at least 1, got {size}")
        # Python's generator, which set_random_seed seeds too.
        start = random.getrandbits(64) if seed is None else int(seed)
        generator = random.Random(start)

        def elements() -> Iterator[Any]:
            own = random.Random(start if reshuffle_each_iteration is False else generator.getrandbits(64))
            return through_buffer(self._elements(), size, own)

        return self._reordered(elements, self._count)

    def shard(self, num_shards: Any, index: Any, name: str | None = None) -> Dataset:
        """Every ``num_shards``-th element, beginning with number ``index``."""
        del name
        n, first = int(num_shards), int(index)
        count = self._sized(lambda c: len(range(first, c, n)))
        return self._reordered(lambda: itertools.islice(self._elements(), first, None, n), count)

    def _reordered(self, elements: Elements, count: int) -> Dataset:
        return self._made(elements, count)
