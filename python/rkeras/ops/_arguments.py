"""What callers may write in several ways: axes, sizes, layouts of images."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rkeras import _engine, config


def axis_index(axis: int, ndim: int) -> int:
    """The axis counted from the front.

    Raises:
        ValueError: there is no such axis.

    Example:
        >>> axis_index(-1, 3)
        2
    """
    if not -ndim <= axis < ndim:
        raise ValueError(f"axis {axis} is out of range for a tensor of rank {ndim}")
    return axis % ndim if ndim else 0


def axis_indices(axis: Any, ndim: int) -> list[int]:
    """One axis or several, counted from the front; all for None.

    Raises:
        ValueError: one of them does not exist.

    Example:
        >>> axis_indices((0, -1), 3), axis_indices(None, 2)
        ([0, 2], [0, 1])
    """
    if axis is None:
        return list(range(ndim))
    return [axis_index(a, ndim) for a in ([axis] if isinstance(axis, int) else axis)]


def sizes(shape: Any) -> list[int]:
    """A shape given as one number or several.

    Example:
        >>> sizes(3), sizes((2, 3))
        ([3], [2, 3])
    """
    return [int(shape)] if isinstance(shape, int) else [int(s) for s in shape]


def per_axis(value: Any, rank: int, name: str) -> list[int]:
    """One number for each of several axes, given as one number or as all of them.

    Raises:
        ValueError: another count of numbers.

    Example:
        >>> per_axis(2, 3, "strides")
        [2, 2, 2]
    """
    if isinstance(value, int):
        return [value] * rank
    sizes = [int(v) for v in value]
    if len(sizes) != rank:
        raise ValueError(f"{name} must be one integer or {rank}, got {value}")
    return sizes


def channels_first(data_format: str | None) -> bool:
    """Whether a layout of images puts channels first; the configuration's layout for None.

    Raises:
        ValueError: it is no layout.

    Example:
        >>> channels_first("channels_last")
        False
    """
    found = data_format or config.image_data_format()
    if found not in ("channels_last", "channels_first"):
        raise ValueError(f"data_format must be 'channels_last' or 'channels_first', got {found!r}")
    return found == "channels_first"


def channels_last_call(x: Any, data_format: str | None, run: Callable[[Any], Any]) -> Any:
    """Runs channels-last code on an image of either layout.

    Example:
        >>> channels_last_call([[[1.0, 2.0]]], "channels_first", lambda x: x * 2).tolist()
        [[[2.0, 4.0]]]
    """
    x = _engine.convert(x)
    if not channels_first(data_format):
        return run(x)
    rank = x.ndim
    y = run(_engine.apply("transpose", x, axes=[0, *range(2, rank), 1]))
    return _engine.apply("transpose", y, axes=[0, rank - 1, *range(1, rank - 1)])
