"""Elements put together and taken apart."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from rkeras import tree
from rkeras.compat.tf._datasets.transforms import Transformed
from rkeras.compat.tf._elements import checked_size, chunks, padded, shapes_of_leaves, stacked

if TYPE_CHECKING:
    from rkeras.compat.tf._datasets.dataset import Dataset


class Batched(Transformed):
    """Consecutive elements as one: batches, padded batches, windows."""

    def batch(self, batch_size: Any, drop_remainder: bool = False, **options: Any) -> Dataset:
        """Stacks consecutive elements.

        Args:
            batch_size: how many.
            drop_remainder: whether to leave out a last batch that is smaller.
            options: those of TensorFlow, of no meaning.
        """
        del options
        size = checked_size(batch_size)
        return self._made(
            lambda: map(stacked, chunks(self._elements(), size, drop_remainder)), self._batches(size, drop_remainder)
        )

    def padded_batch(
        self,
        batch_size: Any,
        padded_shapes: Any = None,
        padding_values: Any = None,
        drop_remainder: bool = False,
        name: str | None = None,
    ) -> Dataset:
        """Stacks consecutive elements, after padding them at their ends to one shape.

        Args:
            batch_size: how many.
            padded_shapes: the shape, in the structure of an element; None or -1 for the largest size in a batch.
            padding_values: the element to pad with, likewise; 0 by default.
            drop_remainder: whether to leave out a last batch that is smaller.
            name: of no meaning.
        """
        del name
        size = checked_size(batch_size)

        def stack(elements: list[Any]) -> Any:
            first = elements[0]
            columns = [tree.flatten(element) for element in elements]
            count = len(columns[0])
            shapes = shapes_of_leaves(first, padded_shapes)
            values = tree.flatten(padding_values) if tree.is_nested(padding_values) else [padding_values] * count
            leaves = [
                padded([row[k] for row in columns], shapes[k], None if values[k] is None else np.asarray(values[k]))
                for k in range(count)
            ]
            return tree.pack_sequence_as(first, leaves)

        return self._made(
            lambda: map(stack, chunks(self._elements(), size, drop_remainder)), self._batches(size, drop_remainder)
        )

    def unbatch(self, name: str | None = None) -> Dataset:
        """The slices of each element along its first axis."""
        del name

        def elements() -> Iterator[Any]:
            for element in self._elements():
                for i in range(tree.flatten(element)[0].shape[0]):
                    yield tree.map_structure(lambda leaf, i=i: np.asarray(leaf[i]), element)

        return self._made(elements)

    def window(
        self, size: Any, shift: Any = None, stride: Any = 1, drop_remainder: bool = False, name: str | None = None
    ) -> Dataset:
        """Datasets of ``size`` consecutive elements, each beginning ``shift`` elements after the one before."""
        del name
        length, step = int(size), int(stride)
        move = length if shift is None else int(shift)

        def windows() -> Iterator[Any]:
            source = self._elements()
            buffer: list[Any] = []
            span = (length - 1) * step + 1
            while True:
                buffer.extend(itertools.islice(source, span - len(buffer)))
                part = buffer[:span:step]
                if not part or (drop_remainder and len(part) < length):
                    return
                yield part
                for _ in itertools.islice(source, max(move - len(buffer), 0)):
                    pass
                del buffer[:move]

        def dataset_of(part: list[Any]) -> Any:
            rows = list(zip(*(tree.flatten(e) for e in part), strict=True))
            columns = [self._made(functools.partial(iter, column), len(column)) for column in rows]
            return tree.pack_sequence_as(part[0], columns)

        return self._made(lambda: map(dataset_of, windows()))

    def _batches(self, size: int, drop_remainder: bool) -> int:
        return self._sized(lambda c: c // size if drop_remainder else -(-c // size))
