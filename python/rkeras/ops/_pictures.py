"""What functions of pictures take: one picture or a batch, channels last or first."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rkeras import _engine, ops
from rkeras.ops._arguments import channels_first


def picture_axes(name: str, images: Any, data_format: str | None) -> tuple[int, int, int]:
    """Where rows, columns and channels are.

    Raises:
        ValueError: there are neither three axes nor four.

    Example:
        >>> picture_axes("resize", ops.zeros((2, 3, 8, 8)), "channels_first")
        (2, 3, 1)
    """
    rank = len(images.shape)
    if rank not in (3, 4):
        raise ValueError(f"{name}: expected pictures with 3 or 4 axes, got shape {tuple(images.shape)}")
    if channels_first(data_format):
        return rank - 2, rank - 1, rank - 3
    return rank - 3, rank - 2, rank - 1


def on_pictures(name: str, images: Any, data_format: str | None, run: Callable[[Any], Any]) -> Any:
    """Runs code for (batch, rows, columns, channels) on one picture or a batch, channels last or first.

    Raises:
        ValueError: there are neither three axes nor four.

    Example:
        >>> on_pictures("double", ops.ones((3, 8, 8)), "channels_first", lambda x: x[..., :1]).shape
        (1, 8, 8)
    """
    images = _engine.convert(images)
    picture_axes(name, images, data_format)
    first, single = channels_first(data_format), len(images.shape) == 3
    if single:
        images = ops.expand_dims(images, 0)
    found = run(ops.moveaxis(images, 1, 3) if first else images)
    found = ops.moveaxis(found, 3, 1) if first else found
    return ops.squeeze(found, 0) if single else found
