"""New elements from those of a pipeline."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from rkeras.compat.tf._datasets.order import Ordered
from rkeras.compat.tf._elements import as_arrays, call_with

if TYPE_CHECKING:
    from rkeras.compat.tf._datasets.dataset import Dataset


class Transformed(Ordered):
    """Elements computed, chosen and chained by functions of elements."""

    def map(
        self,
        map_func: Callable[..., Any],
        num_parallel_calls: Any = None,
        deterministic: bool | None = None,
        name: str | None = None,
    ) -> Dataset:
        """What a function gives for each element; a tuple's parts are its arguments.

        Args:
            map_func: takes tensors, gives a structure of tensors.
            num_parallel_calls: of no meaning.
            deterministic: of no meaning; the order stays.
            name: of no meaning.
        """
        del num_parallel_calls, deterministic, name
        return self._made(lambda: (as_arrays(call_with(map_func, e)) for e in self._elements()), self._count)

    def filter(self, predicate: Callable[..., Any], name: str | None = None) -> Dataset:
        """The elements for which a function gives True."""
        del name
        return self._made(lambda: (e for e in self._elements() if bool(call_with(predicate, e))))

    def take_while(self, predicate: Callable[..., Any], name: str | None = None) -> Dataset:
        """The elements before the first for which a function gives False."""
        del name
        return self._made(lambda: itertools.takewhile(lambda e: bool(call_with(predicate, e)), self._elements()))

    def flat_map(self, map_func: Callable[..., Dataset], name: str | None = None) -> Dataset:
        """The elements of the datasets that a function gives for each element."""
        del name
        return self._made(lambda: (inner for e in self._elements() for inner in call_with(map_func, e)._elements()))

    def interleave(
        self,
        map_func: Callable[..., Dataset],
        cycle_length: Any = None,
        block_length: int = 1,
        **options: Any,
    ) -> Dataset:
        """As ``flat_map``, but takes turns with ``cycle_length`` of the datasets, ``block_length`` elements each."""
        del options
        width = int(cycle_length) if cycle_length and int(cycle_length) > 0 else 1

        def elements() -> Iterator[Any]:
            sources = (call_with(map_func, e)._elements() for e in self._elements())
            turns: list[Iterator[Any] | None] = list(itertools.islice(sources, width))
            while turns:
                for place, source in enumerate(turns):
                    block = list(itertools.islice(source or iter(()), block_length))
                    yield from block
                    if len(block) < block_length:
                        turns[place] = next(sources, None)
                turns = [source for source in turns if source is not None]

        return self._made(elements)

    def enumerate(self, start: Any = 0, name: str | None = None) -> Dataset:
        """Pairs of a number and an element."""
        del name
        return self._made(
            lambda: ((np.asarray(i, "int64"), e) for i, e in enumerate(self._elements(), int(start))), self._count
        )

    def concatenate(self, dataset: Dataset, name: str | None = None) -> Dataset:
        """These elements, then another dataset's."""
        del name
        count = dataset._count if self._count >= 0 else self._count
        if self._count >= 0 and dataset._count >= 0:
            count = self._count + dataset._count
        return self._made(lambda: itertools.chain(self._elements(), dataset._elements()), count)
