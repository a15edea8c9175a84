"""Pictures made brighter, darker, or tinted."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from rkeras.preprocessing.image.pictures import array_to_img, img_to_array


def apply_channel_shift(x: Any, intensity: float, channel_axis: int = 0) -> npt.NDArray[Any]:
    """A picture with a number added, that stays between its least and largest number.

    Args:
        x: the picture.
        intensity: the number.
        channel_axis: accepted for compatibility; all channels are treated alike.

    Example:
        >>> apply_channel_shift(np.array([0.0, 1.0, 4.0]), 2).tolist()
        [2.0, 3.0, 4.0]
    """
    x = np.asarray(x)
    shifted: npt.NDArray[Any] = np.clip(x + intensity, x.min(), x.max())
    return shifted


def apply_brightness_shift(x: Any, brightness: float, scale: bool = True) -> npt.NDArray[Any]:
    """A picture made brighter or darker, by way of 8 bits a pixel.

    Args:
        x: the picture, with three axes.
        brightness: 0 is black, 1 leaves it as it is.
        scale: whether the picture is stretched to 0 … 255 before; back if it was.

    Example:
        >>> apply_brightness_shift(np.array([[[0.0], [200.0]]]), 0.5, scale=False).ravel().tolist()
        [0.0, 100.0]
    """
    x = np.asarray(x)
    low, high = x.min(), x.max()
    # What does not fit into 8 bits is stretched in any case.
    stretched = low < 0 or high > 255
    img = array_to_img(x, scale=scale or stretched)
    from PIL import ImageEnhance

    found = img_to_array(ImageEnhance.Brightness(img).enhance(brightness))
    return found / 255 * (high - low) + low if stretched and not scale else found
