"""Elements of datasets: structures with arrays as leaves, on their way through a pipeline."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from rkeras import _engine, tree


def as_array(x: Any) -> Any:
    """A leaf as an array; numbers get the dtypes that tensors of them have. Datasets within stay as they are."""
    if isinstance(x, np.ndarray) or hasattr(x, "as_numpy_iterator"):
        return x
    if isinstance(x, (_engine.Tensor, _engine.Variable)):
        return x.numpy()
    if isinstance(x, (str, bytes)):
        return np.asarray(x, object)
    array = np.asarray(x)
    if hasattr(x, "dtype") or array.dtype.kind not in "iuf":
        return array
    return array.astype("float32" if array.dtype.kind == "f" else "int32")


def as_tensor(x: Any) -> Any:
    """A leaf as a tensor; text, of which there are no tensors, stays an array, and a dataset one."""
    return _engine.convert(x) if isinstance(x, np.ndarray) and x.dtype.kind not in "OSU" else x


def as_arrays(element: Any) -> Any:
    """An element with arrays as leaves. Lists are tensors, tuples and dicts structures."""
    if isinstance(element, dict):
        return {key: as_arrays(value) for key, value in element.items()}
    if isinstance(element, tuple):
        parts = [as_arrays(value) for value in element]
        return type(element)(*parts) if hasattr(element, "_fields") else tuple(parts)
    if isinstance(element, list):
        element = [as_array(part) for part in element]
        return as_array(element) if any(p.ndim or p.dtype.kind in "OSU" for p in element) else _of_numbers(element)
    return as_array(element)


def _of_numbers(parts: list[Any]) -> Any:
    return np.stack(parts) if parts else np.zeros(0, "float32")


def call_with(fn: Callable[..., Any], element: Any) -> Any:
    """What a user's function gives for an element, the parts of a tuple being its arguments."""
    tensors = tree.map_structure(as_tensor, element)
    return fn(*tensors) if isinstance(element, tuple) else fn(tensors)


def stacked(elements: Sequence[Any]) -> Any:
    """Elements of one structure as one, with a new first axis."""
    try:
        return tree.map_structure(lambda *leaves: np.stack(leaves), *elements)
    except ValueError as error:
        shapes = sorted({leaf.shape for element in elements for leaf in tree.flatten(element)})
        raise ValueError(
            f"Dataset.batch: the elements differ in shape ({', '.join(map(str, shapes))}): {error}. Bring them to one "
            "shape with map, or use padded_batch."
        ) from None


def padded(leaves: Sequence[Any], shape: Any, value: Any) -> Any:
    """Leaves as rows of one array, padded at their ends."""
    sizes = [max(leaf.shape[k] for leaf in leaves) for k in range(leaves[0].ndim)]
    if shape is not None:
        sizes = [size if n in (None, -1) else n for n, size in zip(shape, sizes, strict=True)]
    result = np.full((len(leaves), *sizes), 0 if value is None else value, leaves[0].dtype)
    for i, leaf in enumerate(leaves):
        inside: Any = (i, *(slice(n) for n in leaf.shape))
        result[inside] = leaf
    return result


def chunks(iterator: Iterator[Any], size: int, drop_remainder: bool) -> Iterator[list[Any]]:
    """Lists of consecutive elements."""
    while chunk := list(itertools.islice(iterator, size)):
        if len(chunk) == size or not drop_remainder:
            yield chunk


def through_buffer(iterator: Iterator[Any], size: int, generator: random.Random) -> Iterator[Any]:
    """Elements in random order, each drawn from a buffer of those next in line."""
    buffer = list(itertools.islice(iterator, size))
    for element in iterator:
        place = generator.randrange(len(buffer))
        buffer[place], element = element, buffer[place]
        yield element
    generator.shuffle(buffer)
    yield from buffer


class Boxed:
    """Keeps an element whole inside a larger structure."""

    __slots__ = ("element",)

    def __init__(self, element: Any) -> None:
        self.element = element


def unboxed(structure: Any) -> Any:
    """The structure with the elements out of their boxes."""
    if isinstance(structure, Boxed):
        return structure.element
    if isinstance(structure, dict):
        return {key: unboxed(value) for key, value in structure.items()}
    return tuple(unboxed(value) for value in structure)


def map_like(kinds: Any, element: Any, fn: Callable[[Any, Any], Any]) -> Any:
    """Applies a function to the parts of an element that stand where ``kinds`` has its leaves."""
    if isinstance(kinds, dict):
        return {key: map_like(kind, element[key], fn) for key, kind in kinds.items()}
    if isinstance(kinds, (list, tuple)):
        return tuple(map_like(kind, part, fn) for kind, part in zip(kinds, element, strict=True))
    return fn(element, kinds)


def shapes_of_leaves(element: Any, shapes: Any) -> list[Any]:
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


def rows_of(arrays: Any, rows: Any) -> Any:
    """Rows of arrays: one element for a number, a batch for a list of them."""
    return tree.map_structure(lambda array: np.asarray(array[rows]), arrays)


def checked_size(value: Any) -> int:
    """The size of a batch.

    Raises:
        ValueError: if it is not at least 1.
    """
    size = int(value)
    if size < 1:
        raise ValueError(f"a batch must have at least 1 element, got batch_size={size}")
    return size
