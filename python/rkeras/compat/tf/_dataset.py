"""``tf.data.Dataset``: pipelines of elements, made when they are asked for."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from rkeras import _engine, tree
from rkeras.compat.tf._shapes import TensorShape, TensorSpec
from rkeras.compat.tf.dtypes import DType, as_dtype

INFINITE = -1
UNKNOWN = -2

Elements = Callable[[], Iterator[Any]]


def _array(x: Any) -> Any:
    """A leaf as an array; numbers get the dtypes that tensors of them have."""
    if isinstance(x, np.ndarray):
        return x
    if isinstance(x, (_engine.Tensor, _engine.Variable)):
        return x.numpy()
    if isinstance(x, (str, bytes)):
        return np.asarray(x, object)
    array = np.asarray(x)
    if hasattr(x, "dtype") or array.dtype.kind not in "iuf":
        return array
    return array.astype("float32" if array.dtype.kind == "f" else "int32")


def _tensor(x: Any) -> Any:
    """A leaf as a tensor; text stays an array, of which there are no tensors."""
    return x if x.dtype.kind in "OSU" else _engine.convert(x)


def _arrays(element: Any) -> Any:
    """An element with arrays as leaves. Lists are tensors, tuples and dicts structures."""
    if isinstance(element, dict):
        return {key: _arrays(value) for key, value in element.items()}
    if isinstance(element, tuple):
        parts = [_arrays(value) for value in element]
        return type(element)(*parts) if hasattr(element, "_fields") else tuple(parts)
    if isinstance(element, list):
        element = [_array(part) for part in element]
        return _array(element) if any(p.ndim or p.dtype.kind in "OSU" for p in element) else _of_numbers(element)
    return _array(element)


def _of_numbers(parts: list[Any]) -> Any:
    return np.stack(parts) if parts else np.zeros(0, "float32")


def _called(fn: Callable[..., Any], element: Any) -> Any:
    """What a user's function gives for an element, the parts of a tuple being its arguments."""
    tensors = tree.map_structure(_tensor, element)
    return fn(*tensors) if isinstance(element, tuple) else fn(tensors)


def _stacked(elements: Sequence[Any]) -> Any:
    try:
        return tree.map_structure(lambda *leaves: np.stack(leaves), *elements)
    except ValueError as error:
        shapes = sorted({leaf.shape for element in elements for leaf in tree.flatten(element)})
        raise ValueError(
            f"Dataset.batch: the elements differ in shape ({', '.join(map(str, shapes))}): {error}. Bring them to one "
            "shape with map, or use padded_batch."
        ) from None


def _padded(leaves: Sequence[Any], shape: Any, value: Any) -> Any:
    sizes = [max(leaf.shape[k] for leaf in leaves) for k in range(leaves[0].ndim)]
    if shape is not None:
        sizes = [size if n in (None, -1) else n for n, size in zip(shape, sizes, strict=True)]
    result = np.full((len(leaves), *sizes), 0 if value is None else value, leaves[0].dtype)
    for row, leaf in zip(result, leaves, strict=True):
        row[tuple(slice(n) for n in leaf.shape)] = leaf
    return result


def _chunks(iterator: Iterator[Any], size: int, drop_remainder: bool) -> Iterator[list[Any]]:
    while chunk := list(itertools.islice(iterator, size)):
        if len(chunk) == size or not drop_remainder:
            yield chunk


def _through_buffer(iterator: Iterator[Any], size: int, generator: random.Random) -> Iterator[Any]:
    """Elements in random order, each drawn from a buffer of those next in line."""
    buffer = list(itertools.islice(iterator, size))
    for element in iterator:
        place = generator.randrange(len(buffer))
        buffer[place], element = element, buffer[place]
        yield element
    generator.shuffle(buffer)
    yield from buffer


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
        arrays = _arrays(tensors)
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
        element = _arrays(tensors)
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
        arguments = [_tensor(_arrays(arg)) for arg in args or ()]

        def cast(leaf: Any, kind: Any) -> Any:
            kind = as_dtype(kind)
            return np.asarray(leaf) if kind == "string" else np.asarray(leaf, kind.as_numpy_dtype)

        def elements() -> Iterator[Any]:
            for element in generator(*arguments):
                yield _arrays(element) if kinds is None else _like(kinds, element, cast)

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
                values = iter(row)
                yield tree.map_structure(lambda _: _Boxed(next(values)), structure)

        finite = [part._count for part in parts if part._count != INFINITE]
        count = INFINITE if not finite else UNKNOWN if UNKNOWN in finite else min(finite)
        return Dataset(lambda: map(_unboxed, elements()), count)

    # What comes out.

    def __iter__(self) -> Iterator[Any]:
        return (tree.map_structure(_tensor, element) for element in self._elements())

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
        state = tree.map_structure(lambda x: _tensor(_array(x)), initial_state)
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

        return self._reordered(elements, INFINITE if n is None else self._sized(lambda c: c * n))

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
            return _through_buffer(self._elements(), size, own)

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
        return Dataset(lambda: (_arrays(_called(map_func, e)) for e in self._elements()), self._count)

    def filter(self, predicate: Callable[..., Any], name: str | None = None) -> Dataset:
        """The elements for which a function gives True."""
        del name
        return Dataset(lambda: (e for e in self._elements() if bool(_called(predicate, e))))

    def take_while(self, predicate: Callable[..., Any], name: str | None = None) -> Dataset:
        """The elements before the first for which a function gives False."""
        del name
        return Dataset(lambda: itertools.takewhile(lambda e: bool(_called(predicate, e)), self._elements()))

    def flat_map(self, map_func: Callable[..., Dataset], name: str | None = None) -> Dataset:
        """The elements of the datasets that a function gives for each element."""
        del name
        return Dataset(lambda: (inner for e in self._elements() for inner in _called(map_func, e)._elements()))

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
            sources = (_called(map_func, e)._elements() for e in self._elements())
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
        numbered = lambda: ((np.asarray(i, "int64"), e) for i, e in enumerate(self._elements(), int(start)))  # noqa: E731
        return Dataset(numbered, self._count)

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
        size = _batch_size(batch_size)
        return Dataset(
            lambda: map(_stacked, _chunks(self._elements(), size, drop_remainder)), self._batches(size, drop_remainder)
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
        size = _batch_size(batch_size)

        def stack(elements: list[Any]) -> Any:
            first = elements[0]
            columns = [tree.flatten(element) for element in elements]
            count = len(columns[0])
            shapes = _shapes_of(first, padded_shapes)
            values = tree.flatten(padding_values) if tree.is_nested(padding_values) else [padding_values] * count
            leaves = [
                _padded([row[k] for row in columns], shapes[k], None if values[k] is None else np.asarray(values[k]))
                for k in range(count)
            ]
            return tree.pack_sequence_as(first, leaves)

        return Dataset(
            lambda: map(stack, _chunks(self._elements(), size, drop_remainder)), self._batches(size, drop_remainder)
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
            source, buffer = self._elements(), []
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
            leaves = [Dataset(lambda leaf=leaf: iter(leaf), len(leaf)) for leaf in rows]
            return tree.pack_sequence_as(part[0], leaves)

        return _Windows(lambda: map(dataset_of, windows()))

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
        super().__init__(lambda: (_taken(arrays, i) for i in numbers._elements()), numbers._count)
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
        size = _batch_size(batch_size)
        chunks = lambda: _chunks(self._numbers._elements(), size, drop_remainder)  # noqa: E731
        return Dataset(lambda: (_taken(self._source, rows) for rows in chunks()), self._batches(size, drop_remainder))


class _Windows(Dataset):
    """Datasets as elements, which pass to users as they are."""

    def __iter__(self) -> Iterator[Any]:
        return self._elements()

    def flat_map(self, map_func: Callable[..., Dataset], name: str | None = None) -> Dataset:
        return Dataset(lambda: (inner for window in self._elements() for inner in _windowed(map_func, window)._elements()))

    def map(self, map_func: Callable[..., Any], *args: Any, **options: Any) -> Dataset:
        return Dataset(lambda: (_arrays(_windowed(map_func, window)) for window in self._elements()))


def _windowed(fn: Callable[..., Any], window: Any) -> Any:
    return fn(*window) if isinstance(window, tuple) else fn(window)


class _Boxed:
    """Keeps an element whole inside a larger structure."""

    __slots__ = ("element",)

    def __init__(self, element: Any) -> None:
        self.element = element


def _unboxed(structure: Any) -> Any:
    if isinstance(structure, _Boxed):
        return structure.element
    if isinstance(structure, dict):
        return {key: _unboxed(value) for key, value in structure.items()}
    return tuple(_unboxed(value) for value in structure)


def _like(kinds: Any, element: Any, fn: Callable[[Any, Any], Any]) -> Any:
    """Applies a function to the parts of an element that stand where ``kinds`` has its leaves."""
    if isinstance(kinds, dict):
        return {key: _like(kind, element[key], fn) for key, kind in kinds.items()}
    if isinstance(kinds, (list, tuple)):
        return tuple(_like(kind, part, fn) for kind, part in zip(kinds, element, strict=True))
    return fn(element, kinds)


def _shapes_of(element: Any, shapes: Any) -> list[Any]:
    """The shape for each leaf of an element."""
    if shapes is None:
        return [None] * len(tree.flatten(element))
    found: list[Any] = []

    def collect(part: Any, shape: Any) -> None:
        if isinstance(part, dict):
            for key in sorted(part):
                collect(part[key], shape[key])
        elif isinstance(part, tuple):
            for inner, inner_shape in zip(part, shape, strict=True):
                collect(inner, inner_shape)
        else:
            found.append(None if shape is None else tuple(shape))

    collect(element, shapes)
    return found


def _taken(arrays: Any, rows: Any) -> Any:
    return tree.map_structure(lambda array: np.asarray(array[rows]), arrays)


def _batch_size(value: Any) -> int:
    size = int(value)
    if size < 1:
        raise ValueError(f"a batch must have at least 1 element, got batch_size={size}")
    return size


def _spec_dtype(x: Any) -> DType:
    return as_dtype("string" if x.dtype.kind in "OSU" else x.dtype)
