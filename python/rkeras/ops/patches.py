"""Windows of pictures as vectors, and back; pixels as channels, and back."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from rkeras import _engine, ops
from rkeras.ops._arguments import channels_first, per_axis
from rkeras.ops._dispatch import symbolic

__all__ = ["depth_to_space", "fold", "space_to_depth", "unfold"]


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


def _blocks(name: str, x: Any, data_format: str | None) -> tuple[Any, bool]:
    x = _engine.convert(x)
    if x.ndim != 4:
        raise ValueError(f"{name}: expected pictures with 4 axes, got shape {x.shape}")
    first = channels_first(data_format)
    return x, first


@symbolic
def space_to_depth(x: Any, block_size: int, data_format: str | None = "channels_last") -> Any:
    """Blocks of pixels as channels of one pixel.

    Args:
        x: pictures (batch, rows, columns, channels), or with channels first.
        block_size: rows and columns of a block.
        data_format: where channels are.

    Returns:
        Smaller pictures with more channels.

    Raises:
        ValueError: another rank, or sizes that do not divide into blocks.

    Example:
        >>> import rkeras
        >>> rkeras.ops.space_to_depth(rkeras.ops.ones((1, 4, 4, 3)), 2).shape
        (1, 2, 2, 12)
    """
    x, first = _blocks("space_to_depth", x, data_format)
    b = int(block_size)
    batch, height, width, channels = (x.shape[0], *x.shape[2:], x.shape[1]) if first else x.shape
    if height % b or width % b:
        raise ValueError(f"space_to_depth: {height} rows and {width} columns do not divide into blocks of {b}")
    height, width, depth = height // b, width // b, channels * b * b
    if first:
        blocks = ops.reshape(x, (batch, channels, height, b, width, b))
        return ops.reshape(ops.transpose(blocks, (0, 1, 3, 5, 2, 4)), (batch, depth, height, width))
    blocks = ops.reshape(x, (batch, height, b, width, b, channels))
    return ops.reshape(ops.transpose(blocks, (0, 1, 3, 2, 4, 5)), (batch, height, width, depth))


@symbolic
def depth_to_space(x: Any, block_size: int, data_format: str | None = "channels_last") -> Any:
    """Channels of one pixel as blocks of pixels.

    Args:
        x: pictures (batch, rows, columns, channels), or with channels first.
        block_size: rows and columns of a block.
        data_format: where channels are.

    Returns:
        Larger pictures with fewer channels.

    Raises:
        ValueError: another rank, or channels that do not divide into blocks.

    Example:
        >>> import rkeras
        >>> rkeras.ops.depth_to_space(rkeras.ops.ones((1, 2, 2, 12)), 2).shape
        (1, 4, 4, 3)
    """
    x, first = _blocks("depth_to_space", x, data_format)
    b = int(block_size)
    batch, height, width, depth = (x.shape[0], *x.shape[2:], x.shape[1]) if first else x.shape
    if depth % (b * b):
        raise ValueError(f"depth_to_space: {depth} channels do not divide into blocks of {b * b}")
    channels = depth // (b * b)
    if first:
        blocks = ops.reshape(x, (batch, channels, b, b, height, width))
        return ops.reshape(ops.transpose(blocks, (0, 1, 4, 2, 5, 3)), (batch, channels, height * b, width * b))
    blocks = ops.reshape(x, (batch, height, width, b, b, channels))
    return ops.reshape(ops.transpose(blocks, (0, 1, 3, 2, 4, 5)), (batch, height * b, width * b, channels))
