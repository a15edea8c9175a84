"""Colours as hue, saturation and value, or as a single brightness."""

from __future__ import annotations

from typing import Any

from rkeras import ops


def grayscale(images: Any) -> Any:
    """The brightness of colours, as one channel.

    Args:
        images: (..., 3), or (..., 1), which stay.

    Example:
        >>> round(float(grayscale(ops.array([[1.0, 1.0, 1.0]]))[0, 0]), 4)
        0.9999
    """
    if images.shape[-1] == 1:
        return images
    weights = ops.convert_to_tensor([0.2989, 0.5870, 0.1140], images.dtype)
    return ops.sum(images * weights, axis=-1, keepdims=True)


def rgb_to_hsv(images: Any) -> tuple[Any, Any, Any]:
    """Hue and saturation from 0 to 1, and the largest of the colours.

    Args:
        images: (..., 3).

    Returns:
        Three tensors without the last axis.

    Example:
        >>> [part.item() for part in rgb_to_hsv(ops.array([0.0, 0.0, 2.0]))]
        [0.6666666865348816, 1.0, 2.0]
    """
    r, g, b = (images[..., i] for i in range(3))
    value = ops.max(images, axis=-1)
    spread = value - ops.min(images, axis=-1)
    colourful = spread > 0
    by = 6.0 * ops.where(colourful, spread, 1.0)
    hue = ops.where(
        ops.equal(r, value),
        (g - b) / by,
        ops.where(ops.equal(g, value), (b - r) / by + 2.0 / 6.0, (r - g) / by + 4.0 / 6.0),
    )
    hue = ops.where(colourful, hue, 0.0)
    saturation = ops.where(value > 0, spread / ops.where(value > 0, value, 1.0), 0.0)
    return ops.where(hue < 0, hue + 1.0, hue), saturation, value


def hsv_to_rgb(hue: Any, saturation: Any, value: Any) -> Any:
    """Colours of hues, saturations and values.

    Args:
        hue: from 0 to 1.
        saturation: from 0 to 1.
        value: the largest of the colours.

    Returns:
        (..., 3).

    Example:
        >>> hsv_to_rgb(ops.array(0.5), ops.array(1.0), ops.array(2.0)).tolist()
        [0.0, 2.0, 2.0]
    """
    h = ops.mod(hue, 1.0) * 6.0
    pure = (ops.abs(h - 3.0) - 1.0, 2.0 - ops.abs(h - 2.0), 2.0 - ops.abs(h - 4.0))
    parts = [value * (1.0 - saturation + saturation * ops.clip(part, 0.0, 1.0)) for part in pure]
    return ops.stack(parts, axis=-1)
