"""What every pipeline has: elements on demand, and how many there are."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from rkeras import tree
from rkeras.compat.tf._elements import as_array, as_tensor
from rkeras.compat.tf._shapes import TensorShape, TensorSpec
from rkeras.compat.tf.dtypes import DType, as_dtype

if TYPE_CHECKING:
    from rkeras.compat.tf._datasets.dataset import Dataset

INFINITE = -1
UNKNOWN = -2

Elements = Callable[[], Iterator[Any]]


class Pipeline:
    """A sequence of elements, made anew in each pass."""

    def __init__(self, elements: Elements, count: int = UNKNOWN) -> None:
        self._elements = elements
        self._count = count

    def _made(self, elements: Elements, count: int = UNKNOWN) -> Dataset:
        """A dataset of other elements; pipelines are made of one another."""
        raise NotImplementedError

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

    def _sized(self, size: Callable[[int], int], if_infinite: int = INFINITE) -> int:
        if self._count == INFINITE:
            return if_infinite
        return UNKNOWN if self._count == UNKNOWN else size(self._count)

    def __repr__(self) -> str:
        return f"<Dataset cardinality={self._count}>"


def _spec_dtype(x: Any) -> DType:
    return as_dtype("string" if x.dtype.kind in "OSU" else x.dtype)
