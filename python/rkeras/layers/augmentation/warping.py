"""Pictures whose pixels come from elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rkeras import ops

FILL_MODES = ("reflect", "wrap", "constant", "nearest", "mirror")


def _mirrored(i: Any, size: int) -> Any:
    """Inner pixels again beyond the border, but not the outermost."""
    return ops.abs(ops.mod(i + (size - 1), 2 * (size - 1)) - (size - 1)) if size > 1 else ops.zeros_like(i)


_INSIDE: dict[str, Callable[[Any, int], Any]] = {
    "nearest": lambda i, size: ops.clip(i, 0, size - 1),
    "constant": lambda i, size: ops.clip(i, 0, size - 1),
    "wrap": lambda i, size: ops.mod(i, size),
    "mirror": _mirrored,
    "reflect": lambda i, size: ops.floor_divide(_mirrored(2 * i + 1, 2 * size + 1) - 1, 2),
}


def affine_transform(images: Any, matrices: Any, interpolation: str, fill_mode: str, fill_value: float) -> Any:
    """Pictures whose pixel (x, y) is at ``((a x + b y + c) / k, (d x + e y + f) / k)`` of the old ones.

    Args:
        images: (batch, rows, columns, channels).
        matrices: (batch, 8), with a, b, c, d, e, f, g, h of each picture and ``k = g x + h y + 1``.
        interpolation: ``nearest`` or ``bilinear``.
        fill_mode: what lies beyond the border: ``reflect``, ``mirror``, ``wrap``, ``nearest`` or ``constant``.
        fill_value: the constant.

    Returns:
        Pictures of the same shape.

    Example:
        >>> shift = ops.array([[1.0, 0, 1, 0, 1, 0, 0, 0]])
        >>> row = ops.array([[[[1.0], [2], [3]]]])
        >>> affine_transform(row, shift, "bilinear", "constant", 0.0).numpy().ravel().tolist()
        [2.0, 3.0, 0.0]
    """
    _, height, width, _ = images.shape
    m = ops.reshape(ops.cast(matrices, "float32"), (-1, 8, 1, 1))
    x = ops.reshape(ops.arange(width, dtype="float32"), (1, 1, width))
    y = ops.reshape(ops.arange(height, dtype="float32"), (1, height, 1))
    k = m[:, 6] * x + m[:, 7] * y + 1.0
    return sample(
        images,
        (m[:, 3] * x + m[:, 4] * y + m[:, 5]) / k,
        (m[:, 0] * x + m[:, 1] * y + m[:, 2]) / k,
        interpolation,
        fill_mode,
        fill_value,
    )


def sample(images: Any, rows: Any, columns: Any, interpolation: str, fill_mode: str, fill_value: float) -> Any:
    """The values of pictures between their pixels.

    Args:
        images: (batch, rows, columns, channels).
        rows: where to look (batch, new rows, new columns).
        columns: likewise.
        interpolation: ``nearest`` or ``bilinear``.
        fill_mode: what lies beyond the border.
        fill_value: the constant.

    Returns:
        (batch, new rows, new columns, channels).

    Example:
        >>> at = ops.array([[[0.5]]])
        >>> sample(ops.array([[[[1.0], [2]], [[3], [4]]]]), at, at, "bilinear", "reflect", 0.0).numpy().ravel().tolist()
        [2.5]
    """
    batch, height, width, channels = images.shape
    flat = ops.reshape(images, (batch * height * width, channels))
    starts = ops.reshape(ops.arange(batch, dtype="int32") * (height * width), (batch, 1, 1))

    def at(row: Any, column: Any) -> Any:
        row, column = ops.cast(row, "int32"), ops.cast(column, "int32")
        inside = _INSIDE[fill_mode]
        found = ops.take(flat, starts + inside(row, height) * width + inside(column, width), axis=0)
        if fill_mode != "constant":
            return found
        known = ops.logical_and(
            ops.logical_and(row >= 0, row < height), ops.logical_and(column >= 0, column < width)
        )
        return ops.where(ops.expand_dims(known, -1), found, ops.full_like(found, fill_value))

    if interpolation == "nearest":
        # Halves go away from zero.
        return at(*(ops.sign(v) * ops.floor(ops.abs(v) + 0.5) for v in (rows, columns)))
    top, left = ops.floor(rows), ops.floor(columns)
    down, right = (ops.cast(ops.expand_dims(v, -1), images.dtype) for v in (rows - top, columns - left))
    upper = at(top, left) * (1.0 - right) + at(top, left + 1.0) * right
    lower = at(top + 1.0, left) * (1.0 - right) + at(top + 1.0, left + 1.0) * right
    return upper * (1.0 - down) + lower * down
