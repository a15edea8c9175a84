"""Tensors taken apart."""

from __future__ import annotations

import builtins
from collections.abc import Callable
from typing import Any

from rkeras import _engine
from rkeras.ops._arguments import axis_index
from rkeras.ops._dispatch import symbolic
from rkeras.ops._tables import named
from rkeras.ops.structure import squeeze

__all__ = ["array_split", "dsplit", "hsplit", "split", "unstack", "vsplit"]


@symbolic
def unstack(x: Any, num: int | None = None, axis: int = 0) -> list[Any]:
    """Takes a tensor apart along an axis, which disappears.

    Args:
        x: tensor.
        num: how many parts, if to be checked.
        axis: the axis.

    Returns:
        The list of slices.

    Example:
        >>> import rkeras
        >>> [t.tolist() for t in rkeras.ops.unstack([[1, 2], [3, 4]])]
        [[1, 2], [3, 4]]
    """
    x = _engine.convert(x)
    count = x.shape[axis]
    if num is not None and num != count:
        raise ValueError(f"unstack was to give {num} parts, but axis {axis} of shape {x.shape} has {count}")
    return [squeeze(part, axis) for part in split(x, count, axis)]


@symbolic
def split(x: Any, indices_or_sections: Any, axis: int = 0) -> list[Any]:
    """Cuts a tensor into parts along an axis.

    Args:
        x: tensor.
        indices_or_sections: how many equal parts, or the positions of the cuts.
        axis: the axis.

    Returns:
        The list of parts.

    Raises:
        ValueError: the axis does not divide into that many parts.

    Example:
        >>> import rkeras
        >>> [t.tolist() for t in rkeras.ops.split([1, 2, 3, 4], 2)]
        [[1, 2], [3, 4]]
    """
    x = _engine.convert(x)
    axis = axis_index(axis, x.ndim)
    size = x.shape[axis]
    if isinstance(indices_or_sections, int):
        if indices_or_sections < 1 or size % indices_or_sections:
            raise ValueError(f"axis {axis} of shape {x.shape} cannot be split into {indices_or_sections} equal parts")
        step = size // indices_or_sections
        cuts = [i * step for i in range(1, indices_or_sections)]
    else:
        cuts = [builtins.max(0, builtins.min(int(c) + (size if int(c) < 0 else 0), size)) for c in indices_or_sections]
    parts = []
    for begin, end in zip([0, *cuts], [*cuts, size], strict=True):
        start, sizes = [0] * x.ndim, list(x.shape)
        start[axis], sizes[axis] = begin, builtins.max(0, end - begin)
        if sizes[axis] == 0:
            start[axis] = 0
        parts.append(_engine.apply("slice", x, start=start, size=sizes))
    return parts


@symbolic
def array_split(x: Any, indices_or_sections: Any, axis: int = 0) -> list[Any]:
    """Cuts a tensor into parts whose sizes differ by one at the most.

    Args:
        x: tensor.
        indices_or_sections: how many parts, or the positions of the cuts.
        axis: the axis.

    Returns:
        The list of parts.

    Example:
        >>> import rkeras
        >>> [t.tolist() for t in rkeras.ops.array_split([1, 2, 3], 2)]
        [[1, 2], [3]]
    """
    x = _engine.convert(x)
    if isinstance(indices_or_sections, int):
        whole, extra = divmod(x.shape[axis], indices_or_sections)
        sizes = [whole + 1] * extra + [whole] * (indices_or_sections - extra)
        indices_or_sections = [builtins.sum(sizes[:i]) for i in range(1, len(sizes))]
    return split(x, indices_or_sections, axis)


_DIRECTION_DOC = """Cuts a tensor into parts along its {which} axis{vectors}.

Args:
    x: tensor.
    indices_or_sections: how many equal parts, or the positions of the cuts.

Returns:
    The list of parts.

Raises:
    ValueError: there is no such axis, or it does not divide into that many parts.

Example:
    >>> import rkeras
    >>> [t.shape for t in rkeras.ops.{name}(rkeras.ops.ones((2, 4, 6)), 2)]
    [{shape}, {shape}]
"""


def _along(name: str, which: str, axis: int, shape: tuple[int, ...], vectors: str = "") -> Callable[..., Any]:
    def fn(x: Any, indices_or_sections: Any) -> list[Any]:
        x = _engine.convert(x)
        return split(x, indices_or_sections, 0 if vectors and x.ndim == 1 else axis)

    return named(fn, name, _DIRECTION_DOC, which=which, shape=shape, vectors=vectors)  # type: ignore[no-any-return]


vsplit = _along("vsplit", "first", 0, (1, 4, 6))
hsplit = _along("hsplit", "second", 1, (2, 2, 6), " (vectors along the only one)")
dsplit = _along("dsplit", "third", 2, (2, 4, 3))
