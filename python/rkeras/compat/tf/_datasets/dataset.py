"""``tf.data.Dataset``: pipelines of elements, made when they are asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from rkeras import tree
from rkeras.compat.tf._datasets.batches import Batched
from rkeras.compat.tf._datasets.core import INFINITE, UNKNOWN, Elements
from rkeras.compat.tf._elements import (
    Boxed,
    as_arrays,
    as_tensor,
    checked_size,
    chunks,
    map_like,
    rows_of,
    unboxed,
)
from rkeras.compat.tf.dtypes import as_dtype


class Dataset(Batched):
    """A sequence of elements: tensors, or tuples and dicts of tensors.

    Elements are made when they are asked for, anew in each pass. Make a dataset with the class methods.

    Args:
        elements: gives an iterator over elements with arrays as leaves.
        count: how many there are; ``INFINITE`` or ``UNKNOWN`` where that is so.

    Example:
        >>> data = Dataset.range(5).map(lambda x: x * 2).batch(2)
        >>> [batch.tolist() for batch in data]
        [[0, 2], [4, 6], [8]]
        >>> len(data)
        3
    """

    def _made(self, elements: Elements, count: int = UNKNOWN) -> Dataset:
        return Dataset(elements, count)

    # Where elements come from.

    @staticmethod
    def from_tensor_slices(tensors: Any, name: str | None = None) -> Dataset:
        """The slices of arrays along their first axis.

        Args:
            tensors: an array, or a tuple or dict of arrays, of the same first size.
            name: of no meaning.

        Raises:
            ValueError: if the first sizes differ.
        """
        del name
        arrays = as_arrays(tensors)
        counts = {leaf.shape[:1] for leaf in tree.flatten(arrays)}
        if len(counts) != 1 or () in counts:
            shapes = ", ".join(str(leaf.shape) for leaf in tree.flatten(arrays))
            raise ValueError(f"from_tensor_slices needs arrays of the same first size, got shapes {shapes}")
        count = counts.pop()[0]
        return _Rows(arrays, Dataset(lambda: iter(range(count)), count))

    @staticmethod
    def from_tensors(tensors: Any, name: str | None = None) -> Dataset:
        """One element."""
        del name
        element = as_arrays(tensors)
        return Dataset(lambda: iter([element]), 1)

    @staticmethod
    def from_generator(
        generator: Callable[..., Iterable[Any]],
        output_types: Any = None,
        output_shapes: Any = None,
        args: Sequence[Any] | None = None,
        output_signature: Any = None,
        name: str | None = None,
    ) -> Dataset:
        """What a generator function yields.

        Args:
            generator: called once a pass.
            output_types: the dtypes of an element, in its structure.
            output_shapes: accepted; shapes are found in the elements.
            args: arguments for ``generator``.
            output_signature: ``TensorSpec`` in the structure of an element, instead of ``output_types``.
            name: of no meaning.
        """
        del output_shapes, name
        kinds = output_types
        if output_signature is not None:
            kinds = tree.map_structure(lambda spec: spec.dtype, output_signature)
        arguments = [as_tensor(as_arrays(arg)) for arg in args or ()]

        def cast(leaf: Any, kind: Any) -> Any:
            kind = as_dtype(kind)
            return np.asarray(leaf) if kind == "string" else np.asarray(leaf, kind.as_numpy_dtype)

        def elements() -> Iterator[Any]:
            for element in generator(*arguments):
                yield as_arrays(element) if kinds is None else map_like(kinds, element, cast)

        return Dataset(elements)

    @staticmethod
    def range(*args: Any, output_type: Any = "int64", name: str | None = None) -> Dataset:
        """Integers: ``range(stop)``, ``range(start, stop)`` or ``range(start, stop, step)``."""
        del name
        numbers = range(*(int(arg) for arg in args))
        kind: Any = as_dtype(output_type).as_numpy_dtype
        return Dataset(lambda: (np.asarray(n, kind) for n in numbers), len(numbers))

    @staticmethod
    def zip(*datasets: Any, name: str | None = None) -> Dataset:
        """Tuples (or dicts) of one element of each dataset, until one ends."""
        del name
        structure = datasets[0] if len(datasets) == 1 else datasets
        parts: list[Dataset] = tree.flatten(structure)

        def elements() -> Iterator[Any]:
            for row in zip(*(part._elements() for part in parts), strict=False):
                # A part is a leaf of the structure, whatever the structure of its elements.
                yield tree.pack_sequence_as(structure, [Boxed(element) for element in row])

        finite = [part._count for part in parts if part._count != INFINITE]
        count = INFINITE if not finite else UNKNOWN if UNKNOWN in finite else min(finite)
        return Dataset(lambda: map(unboxed, elements()), count)

    # What concerns speed or machines only.

    def cache(self, filename: str = "", name: str | None = None) -> Dataset:
        """Keeps the elements of the first whole pass in memory."""
        del filename, name
        kept: list[Any] = []
        complete: list[bool] = []

        def elements() -> Iterator[Any]:
            if complete:
                yield from kept
                return
            seen = []
            for element in self._elements():
                seen.append(element)
                yield element
            if not complete:
                kept.extend(seen)
                complete.append(True)

        return Dataset(elements, self._count)

    def prefetch(self, buffer_size: Any, name: str | None = None) -> Dataset:
        """The same elements; they are made when they are asked for."""
        del buffer_size, name
        return self

    def with_options(self, options: Any, name: str | None = None) -> Dataset:
        """The same elements."""
        del options, name
        return self

    def apply(self, transformation_func: Callable[[Dataset], Any]) -> Any:
        """What a function gives for this dataset."""
        return transformation_func(self)


class _Rows(Dataset):
    """Rows of arrays by their numbers, so that a batch is one gather instead of a stack of rows."""

    def __init__(self, arrays: Any, numbers: Dataset) -> None:
        super().__init__(lambda: (rows_of(arrays, i) for i in numbers._elements()), numbers._count)
        self._source = arrays
        self._numbers = numbers

    def _reordered(self, elements: Elements, count: int) -> Dataset:
        raise AssertionError("the numbers of rows are reordered")

    def take(self, count: Any, name: str | None = None) -> Dataset:
        return _Rows(self._source, self._numbers.take(count))

    def skip(self, count: Any, name: str | None = None) -> Dataset:
        return _Rows(self._source, self._numbers.skip(count))

    def repeat(self, count: Any = None, name: str | None = None) -> Dataset:
        return _Rows(self._source, self._numbers.repeat(count))

    def shard(self, num_shards: Any, index: Any, name: str | None = None) -> Dataset:
        return _Rows(self._source, self._numbers.shard(num_shards, index))

    def shuffle(
        self, buffer_size: Any, seed: Any = None, reshuffle_each_iteration: bool | None = None, name: str | None = None
    ) -> Dataset:
        return _Rows(self._source, self._numbers.shuffle(buffer_size, seed, reshuffle_each_iteration))

    def batch(self, batch_size: Any, drop_remainder: bool = False, **options: Any) -> Dataset:
        size = checked_size(batch_size)
        numbers = self._numbers._elements
        return Dataset(
            lambda: (rows_of(self._source, rows) for rows in chunks(numbers(), size, drop_remainder)),
            self._batches(size, drop_remainder),
        )
