"""What lies under a moving window."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rkeras import _engine
from rkeras.ops._arguments import channels_last_call, per_axis
from rkeras.ops._tables import named

__all__ = ["average_pool", "max_pool"]


def _pool(op: str, inputs: Any, pool_size: Any, strides: Any, padding: str, data_format: str | None) -> Any:
    def run(x: Any) -> Any:
        rank = x.ndim - 2
        window = per_axis(pool_size, rank, "pool_size")
        steps = window if strides is None else per_axis(strides, rank, "strides")
        y = _engine.apply(op, x, pool_size=window, strides=steps, padding=padding.lower())
        return y[0] if isinstance(y, list) else y

    return channels_last_call(inputs, data_format, run)


_DOC = """{summary}

Args:
    inputs: images (batch, *spatial, channels), or with channels first.
    pool_size: the window, one number or one an axis.
    strides: how far it moves; the window by default.
    padding: ``valid`` or ``same``.
    data_format: ``channels_last`` or ``channels_first``; that of the configuration by default.

Returns:
    Smaller images.

Raises:
    ValueError: the window is larger than the image.

Example:
    >>> import rkeras
    >>> rkeras.ops.{name}(rkeras.ops.ones((1, 4, 4, 2)), 2, data_format="channels_last").shape
    (1, 2, 2, 2)
"""


def _pooling(name: str, summary: str) -> Callable[..., Any]:
    def fn(
        inputs: Any, pool_size: Any, strides: Any = None, padding: str = "valid", data_format: str | None = None
    ) -> Any:
        return _pool(name, inputs, pool_size, strides, padding, data_format)

    return named(fn, name, _DOC, summary=summary)  # type: ignore[no-any-return]


max_pool = _pooling("max_pool", "The largest element under a moving window; NaN if one is.")
average_pool = _pooling("average_pool", "The mean under a moving window, over what lies inside the image.")
