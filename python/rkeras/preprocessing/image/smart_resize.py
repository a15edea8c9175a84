"""Pictures resized without distortion."""

from __future__ import annotations

from typing import Any

import numpy as np


def smart_resize(x: Any, size: Any, interpolation: str = "bilinear", data_format: str | None = "channels_last") -> Any:
    """The middle of a picture in the proportions of another size, resized to it.

    Args:
        x: (rows, columns, channels), or with a batch before; or channels first.
        size: (rows, columns).
        interpolation: ``nearest``, ``bilinear``, ``bicubic``, ``lanczos3`` or ``lanczos5``.
        data_format: where channels are.

    Returns:
        Pictures of that size; an array for an array.

    Raises:
        ValueError: ``size`` is no pair, or the picture has another rank.

    Example:
        >>> smart_resize(np.ones((10, 30, 3)), (5, 5)).shape
        (5, 5, 3)
    """
    from rkeras.ops.resizing import resize

    if len(size) != 2:
        raise ValueError(f"smart_resize: size must be (rows, columns), got {size!r}")
    resized = resize(x, size, interpolation, crop_to_aspect_ratio=True, data_format=data_format)
    return resized.numpy() if isinstance(x, np.ndarray) else resized
