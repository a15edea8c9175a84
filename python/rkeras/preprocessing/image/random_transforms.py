"""One random change to one picture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from rkeras.preprocessing.image.affine import apply_affine_transform
from rkeras.preprocessing.image.colours import apply_brightness_shift, apply_channel_shift

Array = npt.NDArray[Any]


def random_rotation(
    x: Any,
    rg: float,
    row_axis: int = 1,
    col_axis: int = 2,
    channel_axis: int = 0,
    fill_mode: str = "nearest",
    cval: float = 0.0,
    interpolation_order: int = 1,
) -> Array:
    """A picture turned at random.

    Args:
        x: the picture.
        rg: largest angle, in degrees.
        row_axis: which axis has rows; the rest as in ``apply_affine_transform``.

    Example:
        >>> random_rotation(np.ones((1, 3, 3)), 30).shape
        (1, 3, 3)
    """
    theta = np.random.uniform(-rg, rg)
    return apply_affine_transform(
        x, theta, 0, 0, 0, 1, 1, row_axis, col_axis, channel_axis, fill_mode, cval, interpolation_order
    )


def random_shift(
    x: Any,
    wrg: float,
    hrg: float,
    row_axis: int = 1,
    col_axis: int = 2,
    channel_axis: int = 0,
    fill_mode: str = "nearest",
    cval: float = 0.0,
    interpolation_order: int = 1,
) -> Array:
    """A picture moved at random.

    Args:
        x: the picture.
        wrg: largest share of the width.
        hrg: largest share of the height.
        row_axis: which axis has rows; the rest as in ``apply_affine_transform``.

    Example:
        >>> random_shift(np.ones((1, 3, 3)), 0.5, 0.5).shape
        (1, 3, 3)
    """
    tx = np.random.uniform(-hrg, hrg) * np.shape(x)[row_axis]
    ty = np.random.uniform(-wrg, wrg) * np.shape(x)[col_axis]
    return apply_affine_transform(
        x, 0, tx, ty, 0, 1, 1, row_axis, col_axis, channel_axis, fill_mode, cval, interpolation_order
    )


def random_shear(
    x: Any,
    intensity: float,
    row_axis: int = 1,
    col_axis: int = 2,
    channel_axis: int = 0,
    fill_mode: str = "nearest",
    cval: float = 0.0,
    interpolation_order: int = 1,
) -> Array:
    """A picture sheared at random.

    Args:
        x: the picture.
        intensity: largest angle, in degrees.
        row_axis: which axis has rows; the rest as in ``apply_affine_transform``.

    Example:
        >>> random_shear(np.ones((1, 3, 3)), 30).shape
        (1, 3, 3)
    """
    shear = np.random.uniform(-intensity, intensity)
    return apply_affine_transform(
        x, 0, 0, 0, shear, 1, 1, row_axis, col_axis, channel_axis, fill_mode, cval, interpolation_order
    )


def random_zoom(
    x: Any,
    zoom_range: Sequence[float],
    row_axis: int = 1,
    col_axis: int = 2,
    channel_axis: int = 0,
    fill_mode: str = "nearest",
    cval: float = 0.0,
    interpolation_order: int = 1,
) -> Array:
    """A picture zoomed at random.

    Args:
        x: the picture.
        zoom_range: least and largest zoom.
        row_axis: which axis has rows; the rest as in ``apply_affine_transform``.

    Raises:
        ValueError: ``zoom_range`` has not two numbers.

    Example:
        >>> random_zoom(np.ones((1, 3, 3)), (0.5, 2)).shape
        (1, 3, 3)
    """
    if len(zoom_range) != 2:
        raise ValueError(f"zoom_range must be two numbers, got {zoom_range}")
    zx, zy = (1, 1) if tuple(zoom_range) == (1, 1) else np.random.uniform(zoom_range[0], zoom_range[1], 2)
    return apply_affine_transform(
        x, 0, 0, 0, 0, zx, zy, row_axis, col_axis, channel_axis, fill_mode, cval, interpolation_order
    )


def random_channel_shift(x: Any, intensity_range: float, channel_axis: int = 0) -> Array:
    """A picture with a random number added.

    Args:
        x: the picture.
        intensity_range: the largest number.
        channel_axis: which axis has channels.

    Example:
        >>> random_channel_shift(np.ones((1, 3, 3)), 0.5).shape
        (1, 3, 3)
    """
    return apply_channel_shift(x, np.random.uniform(-intensity_range, intensity_range), channel_axis)


def random_brightness(x: Any, brightness_range: Sequence[float], scale: bool = True) -> Array:
    """A picture made brighter or darker at random.

    Args:
        x: the picture.
        brightness_range: least and largest brightness; 1 leaves it as it is.
        scale: see ``apply_brightness_shift``.

    Raises:
        ValueError: ``brightness_range`` has not two numbers.

    Example:
        >>> random_brightness(np.ones((2, 3, 3)), (0.5, 1.5)).shape
        (2, 3, 3)
    """
    if len(brightness_range) != 2:
        raise ValueError(f"brightness_range must be two numbers, got {brightness_range}")
    return apply_brightness_shift(x, np.random.uniform(brightness_range[0], brightness_range[1]), scale)
