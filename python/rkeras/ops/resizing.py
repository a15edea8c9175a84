"""Pictures of another size."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from rkeras import _engine, ops
from rkeras.ops._arguments import channels_first
from rkeras.ops._dispatch import symbolic

__all__ = ["resize", "scale_and_translate"]

Array = npt.NDArray[Any]


def _cubic(x: Array) -> Array:
    """Keys' cubic with a = -1/2 (1981)."""
    near = (1.5 * x - 2.5) * x * x + 1.0
    far = ((-0.5 * x + 2.5) * x - 4.0) * x + 2.0
    return np.where(x < 1, near, np.where(x < 2, far, 0.0))


def _lanczos(radius: int) -> Callable[[Array], Array]:
    return lambda x: np.where(x < radius, np.sinc(x) * np.sinc(x / radius), 0.0)


# How much a pixel counts at a distance.
_KERNELS: dict[str, Callable[[Array], Array]] = {
    "bilinear": lambda x: np.maximum(0.0, 1.0 - x),
    "bicubic": _cubic,
    "lanczos3": _lanczos(3),
    "lanczos5": _lanczos(5),
}
INTERPOLATIONS = ("nearest", *_KERNELS)


def _weights(
    size: int, wanted: int, interpolation: str, antialias: bool, scale: float | None = None, shift: float = 0.0
) -> Array:
    """How much each old row counts in each new one (wanted, size), old ones being scaled and then shifted."""
    step = size / wanted if scale is None else 1.0 / scale
    centres = (np.arange(wanted) + 0.5 - shift) * step - 0.5
    # A wider kernel sees all pixels that shrinking would leave out.
    width = max(step, 1.0) if antialias else 1.0
    weights = _KERNELS[interpolation](np.abs(centres[:, None] - np.arange(size)) / width)
    # Rows beyond the border are missing: what there is, counts for them.
    total = weights.sum(axis=1, keepdims=True)
    weights = np.divide(weights, total, out=np.zeros_like(weights), where=np.abs(total) > 1e-4)
    outside = (centres < -0.5) | (centres > size - 0.5)
    return np.where(outside[:, None], 0.0, weights)


@symbolic
def resize(
    images: Any,
    size: Any,
    interpolation: str = "bilinear",
    antialias: bool = False,
    crop_to_aspect_ratio: bool = False,
    pad_to_aspect_ratio: bool = False,
    fill_mode: str = "constant",
    fill_value: float = 0.0,
    data_format: str | None = None,
) -> Any:
    """Pictures of another size.

    Args:
        images: (batch, rows, columns, channels) or one of them; or channels first.
        size: (rows, columns).
        interpolation: ``nearest``, ``bilinear``, ``bicubic``, ``lanczos3`` or ``lanczos5``.
        antialias: whether shrinking takes all pixels into account.
        crop_to_aspect_ratio: whether margins are cut off so that nothing is distorted.
        pad_to_aspect_ratio: whether margins are added so that nothing is distorted.
        fill_mode: of the margins; ``constant``.
        fill_value: the constant.
        data_format: where channels are; as configured by default.

    Returns:
        Pictures of that size; integers stay integers with ``nearest`` and become floats otherwise.

    Raises:
        ValueError: another rank, an unknown interpolation, or both kinds of margins.

    Example:
        >>> resize(np.array([[[0.0], [4.0]]]), (1, 4)).numpy().ravel().tolist()
        [0.0, 1.0, 3.0, 4.0]
    """
    if interpolation not in INTERPOLATIONS:
        raise ValueError(f"resize: interpolation must be one of {INTERPOLATIONS}, got {interpolation!r}")
    if crop_to_aspect_ratio and pad_to_aspect_ratio:
        raise ValueError("resize: margins are cut off or added, not both")
    if fill_mode != "constant":
        raise ValueError(f"resize: fill_mode must be 'constant', got {fill_mode!r}")
    images = _engine.convert(images)
    rank = len(images.shape)
    if rank not in (3, 4):
        raise ValueError(f"resize: expected pictures with 3 or 4 axes, got shape {tuple(images.shape)}")
    first = channels_first(data_format)
    rows, columns = (rank - 2, rank - 1) if first else (rank - 3, rank - 2)
    wanted = (int(size[0]), int(size[1]))
    if crop_to_aspect_ratio or pad_to_aspect_ratio:
        height, width = images.shape[rows], images.shape[columns]
        fitting = (width * wanted[0] // wanted[1], height * wanted[1] // wanted[0])
        for axis, had, fits in ((rows, height, fitting[0]), (columns, width, fitting[1])):
            if crop_to_aspect_ratio:
                images = _cut(images, axis, max(1, min(had, fits)))
            else:
                images = _fill(images, axis, max(had, fits), fill_value)
    for axis, new in ((rows, wanted[0]), (columns, wanted[1])):
        images = _resize_axis(images, axis, new, interpolation, antialias)
    return images


def _cut(images: Any, axis: int, size: int) -> Any:
    start = (images.shape[axis] - size) // 2
    return images[(*[slice(None)] * axis, slice(start, start + size))]


def _fill(images: Any, axis: int, size: int, value: float) -> Any:
    missing = size - images.shape[axis]
    widths = [(0, 0)] * len(images.shape)
    widths[axis] = (missing // 2, missing - missing // 2)
    return ops.pad(images, widths, constant_values=value) if missing else images


def _resize_axis(images: Any, axis: int, wanted: int, interpolation: str, antialias: bool) -> Any:
    size = images.shape[axis]
    if size == wanted:
        return images
    if interpolation == "nearest":
        index = np.floor((np.arange(wanted) + 0.5) * (size / wanted)).astype("int32")
        return ops.take(images, np.minimum(index, size - 1), axis=axis)
    return _mixed(images, axis, _weights(size, wanted, interpolation, antialias))


def _mixed(images: Any, axis: int, weights: Array) -> Any:
    """Each new row of an axis as a sum of weighted old ones, in one product for all lines along the axis."""
    if not images.dtype.startswith(("float", "bfloat")):
        images = ops.cast(images, "float32")
    shape = tuple(images.shape)
    lines = ops.reshape(images, (math.prod(shape[:axis]), shape[axis], math.prod(shape[axis + 1 :])))
    mixed = ops.matmul(ops.transpose(lines, (0, 2, 1)), ops.cast(np.ascontiguousarray(weights.T), lines.dtype))
    return ops.reshape(ops.transpose(mixed, (0, 2, 1)), (*shape[:axis], len(weights), *shape[axis + 1 :]))


_METHODS = {
    "linear": "bilinear", "bilinear": "bilinear", "trilinear": "bilinear", "triangle": "bilinear",
    "cubic": "bicubic", "bicubic": "bicubic", "tricubic": "bicubic",
    "lanczos3": "lanczos3", "lanczos5": "lanczos5",
}  # fmt: skip


@symbolic
def scale_and_translate(
    images: Any,
    output_shape: Any,
    scale: Any,
    translation: Any,
    spatial_dims: Any,
    method: str,
    antialias: bool = True,
) -> Any:
    """Tensors stretched and moved along axes.

    Args:
        images: tensor.
        output_shape: of the result.
        scale: by how much each axis is stretched, numbers that are known.
        translation: by how much it is moved then.
        spatial_dims: the axes.
        method: ``linear``, ``cubic``, ``lanczos3`` or ``lanczos5``.
        antialias: whether shrinking takes all elements into account.

    Returns:
        A tensor of the shape wanted; zeros where nothing came to lie.

    Raises:
        ValueError: an unknown method, or not a number for each axis.

    Example:
        >>> row = np.array([1.0, 2.0], "float32")
        >>> scale_and_translate(row, (4,), [2.0], [0.0], (0,), "linear").tolist()
        [1.0, 1.25, 1.75, 2.0]
    """
    if method not in _METHODS:
        raise ValueError(f"scale_and_translate: method must be one of {tuple(_METHODS)}, got {method!r}")
    images = _engine.convert(images)
    factors, shifts = (np.atleast_1d(ops.convert_to_numpy(x)).astype("float64") for x in (scale, translation))
    axes = [int(axis) % images.ndim for axis in spatial_dims]
    if not len(axes) == len(factors) == len(shifts):
        raise ValueError(
            f"scale_and_translate: expected {len(axes)} scales and translations, got {len(factors)} and {len(shifts)}"
        )
    for axis, factor, shift in zip(axes, factors, shifts, strict=True):
        size, wanted = images.shape[axis], int(output_shape[axis])
        images = _mixed(images, axis, _weights(size, wanted, _METHODS[method], antialias, float(factor), float(shift)))
    return images
