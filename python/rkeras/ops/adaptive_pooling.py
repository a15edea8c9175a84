"""Pooling to a size that is wanted, whatever the size before."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from rkeras import ops
from rkeras.ops._arguments import channels_last_call, per_axis
from rkeras.ops._tables import named

__all__ = ["adaptive_average_pool", "adaptive_max_pool"]

_DOC = """{summary}

Args:
    inputs: images (batch, *spatial, channels), or with channels first.
    output_size: the sizes wanted, one number or one an axis.
    data_format: ``channels_last`` or ``channels_first``; that of the configuration by default.

Returns:
    Images of the size wanted.

Raises:
    ValueError: not a number for each axis.

Example:
    >>> import rkeras
    >>> rkeras.ops.{name}(rkeras.ops.ones((1, 5, 7, 2)), 3, data_format="channels_last").shape
    (1, 3, 3, 2)
"""


def _windows(size: int, wanted: int) -> tuple[Any, Any]:
    """What lies in each of as many windows as wanted (wanted, widest), and whether an entry belongs to it."""
    first = np.arange(wanted) * size // wanted
    last = -(-(np.arange(1, wanted + 1) * size) // wanted)
    index = first[:, None] + np.arange((last - first).max())
    # The last element of a window stands for those that others have more.
    return np.minimum(index, last[:, None] - 1).astype("int32"), index < last[:, None]


def _declare(name: str, summary: str, reduce: Callable[..., Any]) -> Callable[..., Any]:
    def fn(inputs: Any, output_size: Any, data_format: str | None = None) -> Any:
        def run(x: Any) -> Any:
            wanted = per_axis(output_size, x.ndim - 2, "output_size")
            for axis, size in enumerate(wanted, start=1):
                index, inside = _windows(x.shape[axis], size)
                mask = inside.reshape(inside.shape + (1,) * (x.ndim - axis - 1))
                x = reduce(ops.take(x, index, axis=axis), mask, axis + 1)
            return x

        return channels_last_call(inputs, data_format, run)

    return named(fn, name, _DOC, summary=summary)  # type: ignore[no-any-return]


def _mean(x: Any, inside: Any, axis: int) -> Any:
    count = inside.sum(axis=1, keepdims=True)
    return ops.sum(x * ops.cast(inside / count, x.dtype), axis=axis)


def _largest(x: Any, inside: Any, axis: int) -> Any:
    del inside
    return ops.max(x, axis=axis)


adaptive_average_pool = _declare("adaptive_average_pool", "The means of as many windows as wanted.", _mean)
adaptive_max_pool = _declare("adaptive_max_pool", "The largest elements of as many windows as wanted.", _largest)
