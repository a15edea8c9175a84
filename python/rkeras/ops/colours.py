"""Colours as hue, saturation and value, or as a single brightness."""

from __future__ import annotations

from typing import Any

from rkeras import _engine, ops
from rkeras.ops._dispatch import symbolic
from rkeras.ops._pictures import picture_axes

__all__ = ["hsv_to_rgb", "rgb_to_grayscale", "rgb_to_hsv"]


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


def hsv_of(images: Any) -> tuple[Any, Any, Any]:
    """Hue and saturation from 0 to 1, and the largest of the colours.

    Args:
        images: (..., 3).

    Returns:
        Three tensors without the last axis.

    Example:
        >>> [part.item() for part in hsv_of(ops.array([0.0, 0.0, 2.0]))]
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


def rgb_of(hue: Any, saturation: Any, value: Any) -> Any:
    """Colours of hues, saturations and values.

    Args:
        hue: from 0 to 1.
        saturation: from 0 to 1.
        value: the largest of the colours.

    Returns:
        (..., 3).

    Example:
        >>> rgb_of(ops.array(0.5), ops.array(1.0), ops.array(2.0)).tolist()
        [0.0, 2.0, 2.0]
    """
    h = ops.mod(hue, 1.0) * 6.0
    pure = (ops.abs(h - 3.0) - 1.0, 2.0 - ops.abs(h - 2.0), 2.0 - ops.abs(h - 4.0))
    parts = [value * (1.0 - saturation + saturation * ops.clip(part, 0.0, 1.0)) for part in pure]
    return ops.stack(parts, axis=-1)


def _channels(name: str, images: Any, data_format: str | None, sizes: tuple[int, ...], floating: bool) -> Any:
    axis = picture_axes(name, images, data_format)[2]
    if images.shape[axis] not in sizes:
        raise ValueError(f"{name}: expected {sizes} channels at axis {axis}, got shape {tuple(images.shape)}")
    if floating and not images.dtype.startswith(("float", "bfloat")):
        raise ValueError(f"{name}: expected floats, got {images.dtype}; cast the pictures and divide them by 255")
    return axis


@symbolic
def rgb_to_grayscale(images: Any, data_format: str | None = None) -> Any:
    """The brightness of pictures.

    Args:
        images: (batch, rows, columns, 3) or one of them; or channels first. One channel stays as it is.
        data_format: where channels are; as configured by default.

    Returns:
        Pictures with one channel, of the same dtype.

    Raises:
        ValueError: another rank, or another number of channels.

    Example:
        >>> import rkeras
        >>> rkeras.ops.image.rgb_to_grayscale(rkeras.ops.ones((4, 4, 3))).shape
        (4, 4, 1)
    """
    images = _engine.convert(images)
    axis = _channels("rgb_to_grayscale", images, data_format, (1, 3), floating=False)
    floating = images.dtype if images.dtype.startswith(("float", "bfloat")) else _engine.floatx()
    found = grayscale(ops.moveaxis(ops.cast(images, floating), axis, -1))
    return ops.cast(ops.moveaxis(found, -1, axis), images.dtype)


@symbolic
def rgb_to_hsv(images: Any, data_format: str | None = None) -> Any:
    """Hue, saturation and value of pictures.

    Args:
        images: floats from 0 to 1, (batch, rows, columns, 3) or one of them; or channels first.
        data_format: where channels are; as configured by default.

    Returns:
        Pictures of the same shape: hue and saturation from 0 to 1, and the largest of the colours.

    Raises:
        ValueError: another rank, number of channels or dtype.

    Example:
        >>> import rkeras
        >>> rkeras.ops.image.rgb_to_hsv([[[0.0, 1.0, 1.0]]]).tolist()
        [[[0.5, 1.0, 1.0]]]
    """
    images = _engine.convert(images)
    axis = _channels("rgb_to_hsv", images, data_format, (3,), floating=True)
    return ops.stack(hsv_of(ops.moveaxis(images, axis, -1)), axis=axis)


@symbolic
def hsv_to_rgb(images: Any, data_format: str | None = None) -> Any:
    """Colours of pictures given as hue, saturation and value.

    Args:
        images: floats, (batch, rows, columns, 3) or one of them; or channels first.
        data_format: where channels are; as configured by default.

    Returns:
        Pictures of the same shape.

    Raises:
        ValueError: another rank, number of channels or dtype.

    Example:
        >>> import rkeras
        >>> rkeras.ops.image.hsv_to_rgb([[[0.5, 1.0, 1.0]]]).tolist()
        [[[0.0, 1.0, 1.0]]]
    """
    images = _engine.convert(images)
    axis = _channels("hsv_to_rgb", images, data_format, (3,), floating=True)
    parts = [ops.squeeze(part, axis) for part in ops.split(images, 3, axis)]
    return ops.moveaxis(rgb_of(*parts), -1, axis)
