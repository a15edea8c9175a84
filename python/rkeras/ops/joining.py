"""Tensors put together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rkeras import _engine
from rkeras.ops._dispatch import symbolic
from rkeras.ops.structure import expand_dims, ravel

__all__ = ["concatenate", "hstack", "stack", "vstack"]


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


def hstack(xs: Sequence[Any]) -> Any:
    """Joins along the second axis (vectors along the first).

    Args:
        xs: the tensors.

    Returns:
        One tensor.

    Example:
        >>> import rkeras
        >>> rkeras.ops.hstack([[1], [2]]).tolist()
        [1, 2]
    """
    return concatenate(
        xs, axis=0 if len(xs[0].shape if hasattr(xs[0], "shape") else _engine.convert(xs[0]).shape) < 2 else 1
    )


def vstack(xs: Sequence[Any]) -> Any:
    """Joins along the first axis; vectors count as rows.

    Args:
        xs: the tensors.

    Returns:
        One tensor.

    Example:
        >>> import rkeras
        >>> rkeras.ops.vstack([[1, 2], [3, 4]]).shape
        (2, 2)
    """
    parts = [x if hasattr(x, "shape") else _engine.convert(x) for x in xs]
    return concatenate([expand_dims(x, 0) if len(x.shape) < 2 else x for x in parts], axis=0)
