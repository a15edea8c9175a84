"""``tf.data.Dataset``: pipelines of elements, made when they are asked for."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from rkeras import tree
from rkeras.compat.tf._elements import (
    Boxed,
    as_array,
    as_arrays,
    as_tensor,
    call_with,
    checked_size,
    chunks,
    map_like,
    padded,
    rows_of,
    shapes_of_leaves,
    stacked,
    through_buffer,
    unboxed,
)
from rkeras.compat.tf._shapes import TensorShape, TensorSpec
from rkeras.compat.tf.dtypes import DType, as_dtype

INFINITE = -1
UNKNOWN = -2

Elements = Callable[[], Iterator[Any]]


class Dataset:
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

    def __init__(self, elements: Elements, count: int = UNKNOWN) -> None:
        self._elements = elements
        self._count = count

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

    # What comes out.

    def __iter__(self) -> Iterator[Any]:
        return (tree.map_structure(as_tensor, element) for element in self._elements())

    def as_numpy_iterator(self) -> Iterator[Any]:
        """Iterates over elements with arrays instead of tensors."""
        return (tree.map_structure(lambda x: x if x.ndim else x[()], element) for element in self._elements())

    def cardinality(self) -> int:
        """The number of elements; ``INFINITE`` or ``UNKNOWN`` where that is so."""
        return self._count

    def __len__(self) -> int:
        if self._count < 0:
            what = "has no end" if self._count == INFINITE else "is unknown"
            raise TypeError(f"the length of this dataset {what}; see cardinality()")
        return self._count

    def __bool__(self) -> bool:
        return True

    @property
    def element_spec(self) -> Any:
        """Shapes and dtypes of the first element."""
        for element in self._elements():
            return tree.map_structure(lambda x: TensorSpec(TensorShape(x.shape), _spec_dtype(x)), element)
        raise ValueError("the dataset is empty, so its elements have no known structure")

    def get_single_element(self, name: str | None = None) -> Any:
        """The only element.

        Raises:
            ValueError: if there is none, or more than one.
        """
        del name
        elements = list(itertools.islice(iter(self), 2))
        if len(elements) != 1:
            raise ValueError(f"the dataset has {'no' if not elements else 'more than one'} element")
        return elements[0]

    def reduce(self, initial_state: Any, reduce_func: Callable[[Any, Any], Any], name: str | None = None) -> Any:
        """Combines all elements into one value: ``reduce_func(value, element)``."""
        del name
        state = tree.map_structure(lambda x: as_tensor(as_array(x)), initial_state)
        for element in self:
            state = reduce_func(state, element)
        return state

    # Which elements, in what order. `_Rows` does these to the numbers of rows instead.

    def take(self, count: Any, name: str | None = None) -> Dataset:
        """The first elements; all of them for -1."""
        del name
        n = int(count)
        if n < 0:
            return self
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
        return Dataset(elements, count)

    def _sized(self, size: Callable[[int], int], if_infinite: int = INFINITE) -> int:
        if self._count == INFINITE:
            return if_infinite
        return UNKNOWN if self._count == UNKNOWN else size(self._count)

    # New elements.

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
        return Dataset(lambda: (as_arrays(call_with(map_func, e)) for e in self._elements()), self._count)

    def filter(self, predicate: Callable[..., Any], name: str | None = None) -> Dataset:
        """The elements for which a function gives True."""
        del name
        return Dataset(lambda: (e for e in self._elements() if bool(call_with(predicate, e))))

    def take_while(self, predicate: Callable[..., Any], name: str | None = None) -> Dataset:
        """The elements before the first for which a function gives False."""
        del name
        return Dataset(lambda: itertools.takewhile(lambda e: bool(call_with(predicate, e)), self._elements()))

    def flat_map(self, map_func: Callable[..., Dataset], name: str | None = None) -> Dataset:
        """The elements of the datasets that a function gives for each element."""
        del name
        return Dataset(lambda: (inner for e in self._elements() for inner in call_with(map_func, e)._elements()))

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

        return Dataset(elements)

    def enumerate(self, start: Any = 0, name: str | None = None) -> Dataset:
        """Pairs of a number and an element."""
        del name
        return Dataset(
            lambda: ((np.asarray(i, "int64"), e) for i, e in enumerate(self._elements(), int(start))), self._count
        )

    def concatenate(self, dataset: Dataset, name: str | None = None) -> Dataset:
        """These elements, then another dataset's."""
        del name
        count = dataset._count if self._count >= 0 else self._count
        if self._count >= 0 and dataset._count >= 0:
            count = self._count + dataset._count
        return Dataset(lambda: itertools.chain(self._elements(), dataset._elements()), count)

    def batch(self, batch_size: Any, drop_remainder: bool = False, **options: Any) -> Dataset:
        """Stacks consecutive elements.

        Args:
            batch_size: how many.
            drop_remainder: whether to leave out a last batch that is smaller.
            options: those of TensorFlow, of no meaning.
        """
        del options
        size = checked_size(batch_size)
        return Dataset(
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

        return Dataset(
            lambda: map(stack, chunks(self._elements(), size, drop_remainder)), self._batches(size, drop_remainder)
        )

    def unbatch(self, name: str | None = None) -> Dataset:
        """The slices of each element along its first axis."""
        del name

        def elements() -> Iterator[Any]:
            for element in self._elements():
                for i in range(tree.flatten(element)[0].shape[0]):
                    yield tree.map_structure(lambda leaf, i=i: np.asarray(leaf[i]), element)

        return Dataset(elements)

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
            return tree.pack_sequence_as(part[0], [_listed(column) for column in rows])

        return Dataset(lambda: map(dataset_of, windows()))

    def _batches(self, size: int, drop_remainder: bool) -> int:
        return self._sized(lambda c: c // size if drop_remainder else -(-c // size))

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

    def __repr__(self) -> str:
        return f"<Dataset cardinality={self._count}>"


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


def _listed(elements: Sequence[Any]) -> Dataset:
    return Dataset(lambda: iter(elements), len(elements))


def _spec_dtype(x: Any) -> DType:
    return as_dtype("string" if x.dtype.kind in "OSU" else x.dtype)
