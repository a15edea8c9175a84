"""Windows of pictures as vectors, and back."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from rkeras import _engine, ops
from rkeras.ops._arguments import per_axis
from rkeras.ops._dispatch import symbolic

__all__ = ["fold", "unfold"]


def patches(
    name: str, images: Any, size: Any, strides: Any, dilation: Any, padding: str, first: bool, rank: int
) -> Any:
    """Windows of pictures with ``rank`` axes of space, or of one of them, as channels.

    Raises:
        ValueError: another rank.

    Example:
        >>> patches("extract_patches", ops.ones((1, 4, 4, 3)), 2, None, 1, "valid", False, 2).shape
        (1, 2, 2, 12)
    """
    images = _engine.convert(images)
    if images.ndim not in (rank + 1, rank + 2):
        raise ValueError(f"{name}: expected {rank + 1} or {rank + 2} axes, got shape {images.shape}")
    window = per_axis(size, rank, "size")
    single = images.ndim == rank + 1
    x = ops.expand_dims(images, 0) if single else images
    channels = x.shape[1 if first else -1]
    # A filter for each element of a window, which picks it.
    depth = math.prod(window) * channels
    kernel = ops.reshape(ops.eye(depth, dtype=x.dtype), (*window, channels, depth))
    layout = "channels_first" if first else "channels_last"
    found = ops.conv(x, kernel, strides or window, padding, layout, dilation)
    return ops.squeeze(found, 0) if single else found


@symbolic
def unfold(x: Any, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1) -> Any:
    """The windows of pictures as columns.

    Args:
        x: pictures (batch, channels, rows, columns).
        kernel_size: rows and columns of a window.
        dilation: distance between the pixels of a window.
        padding: how many zeros are put around.
        stride: how far the window moves.

    Returns:
        (batch, channels * pixels of a window, windows).

    Example:
        >>> import rkeras
        >>> rkeras.ops.unfold(rkeras.ops.ones((1, 2, 4, 4)), 2, stride=2).shape
        (1, 8, 4)
    """
    x = _engine.convert(x)
    batch, channels = x.shape[:2]
    window, around = per_axis(kernel_size, 2, "kernel_size"), per_axis(padding, 2, "padding")
    x = ops.pad(x, ((0, 0), (0, 0), *((p, p) for p in around)))
    lines = ops.reshape(x, (batch * channels, 1, *x.shape[2:]))
    steps, gaps = per_axis(stride, 2, "stride"), per_axis(dilation, 2, "dilation")
    found = patches("unfold", lines, window, steps, gaps, "valid", True, 2)
    return ops.reshape(found, (batch, channels * math.prod(window), -1))


@symbolic
def fold(x: Any, output_size: Any, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1) -> Any:
    """Pictures from their windows: the values that meet at a pixel are added.

    Args:
        x: windows as columns (batch, channels * pixels of a window, windows).
        output_size: rows and columns of the pictures.
        kernel_size: rows and columns of a window.
        dilation: distance between the pixels of a window.
        padding: how many rows and columns around the pictures belonged to windows.
        stride: how far the window moved.

    Returns:
        (batch, channels, rows, columns).

    Raises:
        ValueError: the windows are not as many as the sizes say.

    Example:
        >>> import rkeras
        >>> columns = rkeras.ops.unfold(rkeras.ops.ones((1, 2, 4, 4)), 2)
        >>> rkeras.ops.fold(columns, 4, 2)[0, 0].tolist()[0]
        [1.0, 2.0, 2.0, 1.0]
    """
    x = _engine.convert(x)
    size, window = per_axis(output_size, 2, "output_size"), per_axis(kernel_size, 2, "kernel_size")
    gaps, steps = per_axis(dilation, 2, "dilation"), per_axis(stride, 2, "stride")
    around = per_axis(padding, 2, "padding")
    wide = [n + 2 * p for n, p in zip(size, around, strict=True)]
    counts = [(n - d * (k - 1) - 1) // s + 1 for n, d, k, s in zip(wide, gaps, window, steps, strict=True)]
    batch, depth, windows = x.shape
    if windows != math.prod(counts) or depth % math.prod(window):
        raise ValueError(
            f"fold: expected windows (batch, channels * {math.prod(window)}, {math.prod(counts)}), got shape {x.shape}"
        )
    # Where each pixel of each window goes: (window rows, window columns, rows of windows, columns of windows).
    rows, columns = (
        np.arange(k)[:, None] * d + np.arange(c)[None, :] * s
        for k, d, c, s in zip(window, gaps, counts, steps, strict=True)
    )
    place = rows[:, None, :, None] * wide[1] + columns[None, :, None, :]
    channels = depth // math.prod(window)
    values = ops.reshape(x, (batch, channels, place.size))
    index = place.ravel().astype("int32")
    added = _engine.apply("scatter_add", values, index, axis=2, size=math.prod(wide))
    picture = ops.reshape(added, (batch, channels, *wide))
    return picture[:, :, around[0] : around[0] + size[0], around[1] : around[1] + size[1]]
