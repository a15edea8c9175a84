"""Windows of signals."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from rkeras import _engine

_DOC = """{summary}

Args:
    x: how many points.

Returns:
    A tensor of rank 1 of the default float.

Example:
    >>> import rkeras
    >>> rkeras.ops.{name}(5).shape
    (5,)
"""


def _window(name: str, summary: str, points: Callable[..., Any]) -> Callable[..., Any]:
    def fn(x: Any) -> Any:
        return _engine.convert(points(int(x)), _engine.floatx())

    fn.__name__ = fn.__qualname__ = name
    fn.__module__ = "rkeras.ops"
    fn.__doc__ = _DOC.format(summary=summary, name=name)
    return fn


bartlett = _window("bartlett", "A triangle from 0 to 1 and back.", np.bartlett)
blackman = _window("blackman", "0.42 - 0.5 * cos(t) + 0.08 * cos(2 * t), t from 0 to 2 * pi.", np.blackman)
hamming = _window("hamming", "0.54 - 0.46 * cos(t), t from 0 to 2 * pi.", np.hamming)
hanning = _window("hanning", "0.5 - 0.5 * cos(t), t from 0 to 2 * pi.", np.hanning)


def kaiser(x: Any, beta: float) -> Any:
    """i0(beta * sqrt(1 - t * t)) / i0(beta), t from -1 to 1.

    Args:
        x: how many points.
        beta: how narrow the window is.

    Returns:
        A tensor of rank 1 of the default float.

    Example:
        >>> import rkeras
        >>> rkeras.ops.kaiser(3, beta=14.0).shape
        (3,)
    """
    return _engine.convert(np.kaiser(int(x), float(beta)), _engine.floatx())


__all__ = ["bartlett", "blackman", "hamming", "hanning", "kaiser"]
