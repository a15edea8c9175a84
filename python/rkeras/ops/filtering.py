"""Pictures smoothed, searched for edges, and compared."""

from __future__ import annotations

from typing import Any

import numpy as np

from rkeras import _engine, ops
from rkeras.ops._arguments import per_axis
from rkeras.ops._dispatch import symbolic
from rkeras.ops._pictures import on_pictures, picture_axes

__all__ = ["gaussian_blur", "psnr", "sobel_edges", "ssim"]


def _bell(size: int, sigma: Any, dtype: str) -> Any:
    x = ops.cast(np.arange(size) - (size - 1) / 2, dtype)
    weights = ops.exp(-0.5 * ops.square(x / sigma))
    return weights / ops.sum(weights)


def blur(images: Any, size: Any, sigma: Any, padding: str = "same") -> Any:
    """Pictures whose pixels are means of those around, weighted by a bell.

    Args:
        images: (batch, rows, columns, channels).
        size: columns and rows of the bell.
        sigma: its width along both, two numbers.
        padding: ``same`` (zeros around) or ``valid``.

    Example:
        >>> blur(ops.ones((1, 3, 3, 1)), (3, 3), (1.0, 1.0), "valid").shape
        (1, 1, 1, 1)
    """
    columns, rows = per_axis(size, 2, "kernel_size")
    across, down = _bell(columns, sigma[0], images.dtype), _bell(rows, sigma[1], images.dtype)
    window = ops.reshape(ops.outer(down, across), (rows, columns, 1, 1))
    return ops.depthwise_conv(images, ops.tile(window, (1, 1, images.shape[-1], 1)), 1, padding, "channels_last")


@symbolic
def gaussian_blur(
    images: Any, kernel_size: Any = (3, 3), sigma: Any = (1.0, 1.0), data_format: str | None = None
) -> Any:
    """Smooths pictures by a bell curve; beyond the border there are zeros.

    Args:
        images: floats, (batch, rows, columns, channels) or one of them; or channels first.
        kernel_size: columns and rows of the window.
        sigma: the width of the bell along both.
        data_format: where channels are; as configured by default.

    Returns:
        Pictures of the same shape.

    Raises:
        ValueError: another rank.

    Example:
        >>> import rkeras
        >>> rkeras.ops.image.gaussian_blur(rkeras.ops.ones((8, 8, 3))).shape
        (8, 8, 3)
    """
    widths = [sigma, sigma] if isinstance(sigma, (int, float)) else list(sigma)
    return on_pictures("gaussian_blur", images, data_format, lambda x: blur(x, kernel_size, widths))


@symbolic
def sobel_edges(images: Any, data_format: str | None = None) -> Any:
    """How much pictures change downwards and to the right; beyond the border there are zeros.

    Args:
        images: floats, (batch, rows, columns, channels), or channels first.
        data_format: where channels are; as configured by default.

    Returns:
        A tensor with a last axis of two, downwards and to the right, behind the shape of ``images``.

    Raises:
        ValueError: another rank.

    Example:
        >>> import rkeras
        >>> rkeras.ops.image.sobel_edges(rkeras.ops.ones((1, 8, 8, 3))).shape
        (1, 8, 8, 3, 2)
    """
    down = np.array([[-1.0, -2.0, -1.0], [0.0, 0.0, 0.0], [1.0, 2.0, 1.0]])

    def change(window: Any) -> Any:
        def run(x: Any) -> Any:
            kernel = ops.tile(ops.cast(window.reshape(3, 3, 1, 1), x.dtype), (1, 1, x.shape[-1], 1))
            return ops.depthwise_conv(x, kernel, 1, "same", "channels_last")

        return on_pictures("sobel_edges", images, data_format, run)

    found = [change(down), change(down.T)]
    return ops.stack(found, axis=-1)


@symbolic
def ssim(
    image1: Any,
    image2: Any,
    max_val: float = 1.0,
    filter_size: int = 11,
    filter_sigma: float = 1.5,
    k1: float = 0.01,
    k2: float = 0.03,
    data_format: str | None = None,
) -> Any:
    """How alike pictures are in brightness, contrast and structure (Wang et al. 2004).

    Args:
        image1: (batch, rows, columns, channels) or one of them; or channels first.
        image2: likewise.
        max_val: the largest value that a pixel can have.
        filter_size: rows and columns of the window.
        filter_sigma: width of the bell by which pixels of a window count.
        k1: keeps the comparison of dark windows stable.
        k2: likewise of flat ones.
        data_format: where channels are; as configured by default.

    Returns:
        A number for each picture; 1 if they are the same.

    Raises:
        ValueError: other ranks, or a picture smaller than the window.

    Example:
        >>> import rkeras
        >>> float(rkeras.ops.image.ssim(rkeras.ops.ones((12, 12, 1)), rkeras.ops.ones((12, 12, 1))))
        1.0
    """
    a, b = _engine.convert(image1), _engine.convert(image2)
    dtype = a.dtype
    floating = dtype if dtype.startswith(("float", "bfloat")) else _engine.floatx()
    dark, flat = (k1 * max_val) ** 2, (k2 * max_val) ** 2

    def compared(pair: Any) -> Any:
        x, y = ops.split(pair, 2, axis=3)

        def mean(z: Any) -> Any:
            return blur(z, filter_size, (filter_sigma, filter_sigma), "valid")

        mean_x, mean_y = mean(x), mean(y)
        var_x, var_y = mean(x * x) - mean_x * mean_x, mean(y * y) - mean_y * mean_y
        covariance = mean(x * y) - mean_x * mean_y
        likeness = (2.0 * mean_x * mean_y + dark) * (2.0 * covariance + flat)
        scale = (mean_x * mean_x + mean_y * mean_y + dark) * (var_x + var_y + flat)
        return ops.mean(likeness / scale, axis=(1, 2, 3), keepdims=True)

    channels = picture_axes("ssim", a, data_format)[2]
    pair = ops.concatenate([ops.cast(a, floating), ops.cast(b, floating)], axis=channels)
    found = on_pictures("ssim", pair, data_format, compared)
    return ops.cast(ops.reshape(found, found.shape[:-3]), dtype)


@symbolic
def psnr(x1: Any, x2: Any, max_val: float) -> Any:
    """The ratio of the largest value to the mean difference, in decibels.

    Args:
        x1: tensor.
        x2: tensor of the same shape.
        max_val: the largest value that an element can have.

    Returns:
        A float scalar; infinite if both are the same.

    Raises:
        ValueError: the shapes differ.

    Example:
        >>> import rkeras
        >>> round(float(rkeras.ops.psnr([1.0, 0.0], [0.9, 0.1], max_val=1.0)), 3)
        20.0
    """
    x1, x2 = _engine.convert(x1), _engine.convert(x2)
    if x1.shape != x2.shape:
        raise ValueError(f"psnr: expected tensors of one shape, got {x1.shape} and {x2.shape}")
    largest = ops.cast(max_val, x2.dtype)
    return 20.0 * ops.log10(largest) - 10.0 * ops.log10(ops.mean(ops.square(x1 - x2)))
