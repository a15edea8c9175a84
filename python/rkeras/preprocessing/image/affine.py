"""Pictures turned, moved, sheared and zoomed."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

FILL_MODES = ("nearest", "constant", "reflect", "wrap")

Array = npt.NDArray[Any]


def affine_matrix(
    theta: float = 0, tx: float = 0, ty: float = 0, shear: float = 0, zx: float = 1, zy: float = 1
) -> Array | None:
    """Where in the old picture a point (row, column, 1) of the new one comes from; None if nothing is asked.

    Args:
        theta: angle of the turn, in degrees.
        tx: shift of rows.
        ty: shift of columns.
        shear: angle of the shear, in degrees.
        zx: zoom of rows.
        zy: zoom of columns.

    Example:
        >>> affine_matrix(tx=2).tolist()
        [[1.0, 0.0, 2.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]
    """
    if (theta, tx, ty, shear, zx, zy) == (0, 0, 0, 0, 1, 1):
        return None
    a, s = np.deg2rad(theta), np.deg2rad(shear)
    turn = np.array([[np.cos(a), -np.sin(a), 0], [np.sin(a), np.cos(a), 0], [0, 0, 1]])
    shift = np.array([[1, 0, tx], [0, 1, ty], [0, 0, 1.0]])
    slant = np.array([[1, -np.sin(s), 0], [0, np.cos(s), 0], [0, 0, 1]])
    matrix: Array = turn @ shift @ slant @ np.diag([zx, zy, 1.0])
    return matrix


def apply_affine_transform(
    x: Any,
    theta: float = 0,
    tx: float = 0,
    ty: float = 0,
    shear: float = 0,
    zx: float = 1,
    zy: float = 1,
    row_axis: int = 1,
    col_axis: int = 2,
    channel_axis: int = 0,
    fill_mode: str = "nearest",
    cval: float = 0.0,
    order: int = 1,
) -> Array:
    """A picture turned, moved, sheared and zoomed about its middle.

    Args:
        x: the picture; three axes.
        theta: angle of the turn, in degrees.
        tx: shift of rows.
        ty: shift of columns.
        shear: angle of the shear, in degrees.
        zx: zoom of rows; 2 shows twice as many.
        zy: zoom of columns.
        row_axis: which axis has rows.
        col_axis: which axis has columns.
        channel_axis: which axis has channels.
        fill_mode: what is outside: ``nearest`` pixel of the border, ``constant``, ``reflect`` or ``wrap``.
        cval: the constant.
        order: 0 takes the nearest pixel, 1 lies between four; more are splines, for which SciPy is needed.

    Returns:
        A picture of the same shape and dtype.

    Raises:
        ValueError: the axes are not 0, 1 and 2, or a mode is unknown.

    Example:
        >>> x = np.arange(3.0).reshape(1, 3, 1)
        >>> apply_affine_transform(x, ty=1, row_axis=0, col_axis=1, channel_axis=2).ravel().tolist()
        [1.0, 2.0, 2.0]
    """
    x = np.asarray(x)
    if x.ndim != 3 or sorted((row_axis, col_axis, channel_axis)) != [0, 1, 2]:
        raise ValueError(
            f"apply_affine_transform: expected a picture with three axes, rows, columns and channels in some order; "
            f"got shape {x.shape} and axes {row_axis}, {col_axis}, {channel_axis}"
        )
    if fill_mode not in FILL_MODES:
        raise ValueError(f"apply_affine_transform: fill_mode must be one of {FILL_MODES}, got {fill_mode!r}")
    matrix = affine_matrix(theta, tx, ty, shear, zx, zy)
    picture: Array = x
    if matrix is None:
        return picture
    picture = x.transpose(row_axis, col_axis, channel_axis)
    rows, columns = picture.shape[:2]
    middle = np.array([[1, 0, rows / 2 - 0.5], [0, 1, columns / 2 - 0.5], [0, 0, 1]])
    matrix = middle @ matrix @ np.linalg.inv(middle)
    if order > 1:
        moved = _by_spline(picture, matrix, fill_mode, cval, order)
    else:
        points = matrix[:2, :2] @ np.indices((rows, columns)).reshape(2, -1) + matrix[:2, 2:]
        moved = _sample(picture, points, fill_mode, cval, order).reshape(picture.shape)
    if x.dtype.kind in "iu":
        limits = np.iinfo(x.dtype)
        moved = np.clip(np.rint(moved), limits.min, limits.max)
    found: Array = moved.astype(x.dtype).transpose(np.argsort((row_axis, col_axis, channel_axis)))
    return found


def _sample(picture: Array, points: Array, fill_mode: str, cval: float, order: int) -> Array:
    """The picture at points between its pixels (2, points); all channels at once."""
    sizes = picture.shape[:2]
    outside = np.zeros(points.shape[1], bool)
    if fill_mode == "constant":
        for p, size in zip(points, sizes, strict=True):
            outside |= (p < 0) | (p > size - 1)
    elif fill_mode == "wrap":
        points = np.stack([_wrapped(p, size - 1) for p, size in zip(points, sizes, strict=True)])
    if order == 0:
        index = [_inside(np.floor(p + 0.5), size, fill_mode) for p, size in zip(points, sizes, strict=True)]
        found = picture[index[0], index[1]].astype(np.float64)
    else:
        below = [np.floor(p) for p in points]
        share = [(p - b)[:, None].astype(np.float32) for p, b in zip(points, below, strict=True)]
        (top, bottom), (left, right) = (
            [_inside(b + step, size, fill_mode) for step in (0, 1)] for b, size in zip(below, sizes, strict=True)
        )
        upper = picture[top, left] * (1 - share[1]) + picture[top, right] * share[1]
        lower = picture[bottom, left] * (1 - share[1]) + picture[bottom, right] * share[1]
        found = upper * (1 - share[0]) + lower * share[0]
    found[outside] = cval
    return found


def _inside(index: Array, size: int, fill_mode: str) -> Array:
    """Pixel numbers as they are, or where they come from if there is no such pixel."""
    i = index.astype(np.int64)
    if fill_mode == "reflect":
        i = i % (2 * size)
        return np.where(i < size, i, 2 * size - 1 - i)
    return np.clip(i, 0, size - 1)


def _wrapped(p: Array, period: int) -> Array:
    """Points in [0, period]; the first and the last pixel are the same place, as in SciPy."""
    if not period:
        return np.zeros_like(p)
    below = p + period * (np.trunc(-p / period) + 1)
    above = p - period * np.trunc(p / period)
    return np.where(p < 0, below, np.where(p > period, above, p))


def _by_spline(picture: Array, matrix: Array, fill_mode: str, cval: float, order: int) -> Array:
    try:
        from scipy import ndimage
    except ImportError:
        raise ImportError(
            f"interpolation of order {order} needs SciPy (pip install scipy); order 0 and 1 do not"
        ) from None
    channels = [
        ndimage.affine_transform(c, matrix[:2, :2], matrix[:2, 2], order=order, mode=fill_mode, cval=cval)
        for c in np.moveaxis(picture, 2, 0)
    ]
    return np.stack(channels, axis=2)
