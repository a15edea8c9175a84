"""Rows gathered into groups, each group reduced to one row."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from rkeras import _engine, ops
from rkeras.ops._tables import named
from rkeras.ops.core import dtype_range

__all__ = ["segment_max", "segment_min", "segment_prod", "segment_sum"]

_DOC = """The {what} of the rows of each group.

Args:
    data: tensor of at least one axis; rows lie along the first.
    segment_ids: vector of integers, the group of each row; rows of a group that there is not are left out.
    num_segments: how many groups; by default one more than the largest number, which then must not be traced.
    sorted: accepted for compatibility.

Returns:
    A tensor with a row for each group; {empty} for a group without rows.

Raises:
    ValueError: there is not one number for each row.

Example:
    >>> import rkeras
    >>> rkeras.ops.{name}([5.0, 2.0, 3.0], [0, 1, 0]).tolist()
    {example}
"""


def _segments(name: str, data: Any, ids: Any, count: int | None) -> tuple[Any, Any, int]:
    data, ids = _engine.convert(data), ops.cast(ids, "int32")
    if data.ndim < 1 or ids.shape != data.shape[:1]:
        raise ValueError(
            f"{name}: expected one group for each row, got data of shape {data.shape} and segment_ids of {ids.shape}"
        )
    count = int(ops.max(ids, initial=-1)) + 1 if count is None else int(count)
    # Rows of no group go to one behind the last, which is cut off.
    known = ops.logical_and(ids >= 0, ids < count)
    return data, ops.where(known, ids, count), count


def _sums(data: Any, ids: Any, count: int) -> Any:
    return _engine.apply("scatter_add", data, ids, axis=0, size=count + 1)[:count]


def _running(combine: Callable[[Any, Any], Any], identity: Callable[[str], float]) -> Callable[..., Any]:
    """Reduces each group's rows by an associative function, in as many rounds as the number of rows has bits."""

    def reduce(data: Any, ids: Any, count: int) -> Any:
        rows = data.shape[0]
        nothing = ops.full([1, *data.shape[1:]], identity(data.dtype), data.dtype)
        order = ops.argsort(ids)
        ids, data = ops.take(ids, order), ops.take(data, order, axis=0)
        step = 1
        while step < rows:
            same = ops.equal(ids[step:], ids[:-step])
            same = ops.reshape(same, [rows - step] + [1] * (data.ndim - 1))
            data = ops.concatenate(
                [data[:step], ops.where(same, combine(data[step:], data[:-step]), data[step:])], axis=0
            )
            step *= 2
        # The last row of a group has met all others; the row behind all stands for empty groups.
        last = ops.searchsorted(ids, ops.arange(count, dtype="int32"), "right") - 1
        found = ops.equal(ops.take(ops.concatenate([ids, [-1]], axis=0), last), ops.arange(count, dtype="int32"))
        return ops.take(ops.concatenate([data, nothing], axis=0), ops.where(found, last, rows), axis=0)

    return reduce


def _lowest(dtype: str) -> float:
    return -math.inf if dtype.startswith(("float", "bfloat")) else dtype_range(dtype)[0]


def _highest(dtype: str) -> float:
    return math.inf if dtype.startswith(("float", "bfloat")) else dtype_range(dtype)[1]


def _declare(name: str, what: str, empty: str, reduce: Callable[..., Any], example: list[float]) -> Callable[..., Any]:
    def fn(data: Any, segment_ids: Any, num_segments: int | None = None, sorted: bool = False) -> Any:
        return reduce(*_segments(name, data, segment_ids, num_segments))

    return named(fn, name, _DOC, what=what, empty=empty, example=example)  # type: ignore[no-any-return]


segment_sum = _declare("segment_sum", "sum", "0", _sums, [8.0, 2.0])
segment_prod = _declare(
    "segment_prod", "product", "1", _running(lambda a, b: ops.multiply(a, b), lambda dtype: 1.0), [15.0, 2.0]
)
segment_max = _declare(
    "segment_max", "maximum", "the lowest number", _running(lambda a, b: ops.maximum(a, b), _lowest), [5.0, 2.0]
)
segment_min = _declare(
    "segment_min", "minimum", "the highest number", _running(lambda a, b: ops.minimum(a, b), _highest), [3.0, 2.0]
)
