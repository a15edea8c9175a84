"""Tensors put together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from rkeras import _engine
from rkeras.ops._dispatch import symbolic
from rkeras.ops._tables import named
from rkeras.ops.structure import expand_dims, ravel

__all__ = ["append", "concatenate", "dstack", "hstack", "stack", "vstack"]


@symbolic
def concatenate(xs: Sequence[Any], axis: int | None = 0) -> Any:
    """Joins tensors along an axis that they have.

    Args:
        xs: tensors whose other sizes agree.
        axis: the axis; None flattens them first.

    Returns:
        One tensor of the common dtype.

    Raises:
        ValueError: other sizes differ.

    Example:
        >>> import rkeras
        >>> rkeras.ops.concatenate([[1, 2], [3]]).tolist()
        [1, 2, 3]
    """
    if axis is None:
        return _engine.apply("concatenate", *[ravel(x) for x in xs], axis=0)
    return _engine.apply("concatenate", *xs, axis=axis)


@symbolic
def stack(x: Sequence[Any], axis: int = 0) -> Any:
    """Joins tensors of equal shape along a new axis.

    Args:
        x: the tensors.
        axis: where the new axis goes.

    Returns:
        One tensor of one rank more.

    Raises:
        ValueError: the shapes differ.

    Example:
        >>> import rkeras
        >>> rkeras.ops.stack([[1, 2], [3, 4]], axis=1).tolist()
        [[1, 3], [2, 4]]
    """
    parts = [_engine.convert(part) for part in x]
    if len({part.shape for part in parts}) > 1:
        raise ValueError(f"stack needs tensors of one shape, got {[part.shape for part in parts]}")
    return _engine.apply("concatenate", *[expand_dims(part, axis) for part in parts], axis=axis)


_STACK_DOC = """Joins tensors along the {which} axis{few}.

Args:
    xs: the tensors.

Returns:
    One tensor.

Raises:
    ValueError: other sizes differ.

Example:
    >>> import rkeras
    >>> rkeras.ops.{name}([[1, 2], [3, 4]]).tolist()
    {example}
"""


def _at_least(x: Any, rank: int) -> Any:
    # In NumPy a vector is a row, and a matrix a picture of one channel.
    for axis in (0, 0, 2)[len(x.shape) : rank]:
        x = expand_dims(x, axis)
    return x


def _along(name: str, which: str, axis: int, rank: int, few: str, example: Any) -> Callable[..., Any]:
    def fn(xs: Sequence[Any]) -> Any:
        parts = [_at_least(_engine.convert(x), rank) for x in xs]
        return _engine.apply("concatenate", *parts, axis=min(axis, parts[0].ndim - 1))

    return named(fn, name, _STACK_DOC, which=which, few=few, example=example)  # type: ignore[no-any-return]


hstack = _along("hstack", "second", 1, 1, " (vectors along the only one)", [1, 2, 3, 4])
vstack = _along("vstack", "first", 0, 2, "; vectors count as rows", [[1, 2], [3, 4]])
dstack = _along("dstack", "third", 2, 3, ", which is added to vectors and matrices", [[[1, 3], [2, 4]]])


@symbolic
def append(x1: Any, x2: Any, axis: int | None = None) -> Any:
    """Puts a tensor behind another one.

    Args:
        x1: tensor.
        x2: tensor whose other sizes are the same.
        axis: along which axis; by default both are flattened.

    Returns:
        One tensor.

    Raises:
        ValueError: other sizes differ.

    Example:
        >>> import rkeras
        >>> rkeras.ops.append([1, 2], [[3], [4]]).tolist()
        [1, 2, 3, 4]
    """
    return concatenate([x1, x2], axis=axis)
