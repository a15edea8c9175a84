"""Functions that rearrange, repeat and join."""

from __future__ import annotations

from typing import Any

from rkeras import ops
from rkeras.config import standardize_data_format


def arange(start: Any, stop: Any = None, step: Any = 1, dtype: Any = "int32") -> Any:
    """Numbers at equal distances.

    Example:
        >>> arange(3).tolist()
        [0, 1, 2]
    """
    return ops.arange(start, stop, step, dtype=dtype)


def flatten(x: Any) -> Any:
    """All elements along one axis.

    Example:
        >>> flatten([[1, 2], [3, 4]]).tolist()
        [1, 2, 3, 4]
    """
    return ops.reshape(x, (-1,))


def batch_flatten(x: Any) -> Any:
    """All elements of each sample along one axis.

    Example:
        >>> batch_flatten(ops.ones((2, 3, 4))).shape
        (2, 12)
    """
    size = 1
    for n in ops.shape(x)[1:]:
        if n is None:
            raise ValueError(f"K.batch_flatten needs to know the size of a sample, got shape {ops.shape(x)}")
        size *= n
    return ops.reshape(x, (-1, size))


def concatenate(tensors: Any, axis: int = -1) -> Any:
    """Joins tensors along an axis.

    Example:
        >>> concatenate([[[1]], [[2]]]).tolist()
        [[1, 2]]
    """
    return ops.concatenate(tensors, axis)


def reverse(x: Any, axes: Any) -> Any:
    """Turns axes around.

    Example:
        >>> reverse([1, 2], 0).tolist()
        [2, 1]
    """
    return ops.flip(x, axes if isinstance(axes, int) else tuple(axes))


def repeat(x: Any, n: int) -> Any:
    """Each row ``n`` times along a new second axis.

    Args:
        x: of shape ``(batch, features)``.
        n: how many times.

    Returns:
        A tensor of shape ``(batch, n, features)``.

    Example:
        >>> repeat([[1, 2]], 2).tolist()
        [[[1, 2], [1, 2]]]
    """
    if ops.ndim(x) != 2:
        raise ValueError(f"K.repeat takes tensors of two axes, got shape {ops.shape(x)}")
    return ops.repeat(ops.expand_dims(x, 1), n, 1)


def repeat_elements(x: Any, rep: int, axis: int) -> Any:
    """Each slice along an axis several times in a row.

    Example:
        >>> repeat_elements([1, 2], 2, 0).tolist()
        [1, 1, 2, 2]
    """
    return ops.repeat(x, rep, axis)


def resize_images(
    x: Any, height_factor: int, width_factor: int, data_format: str, interpolation: str = "nearest"
) -> Any:
    """Images enlarged by whole factors.

    Example:
        >>> resize_images(ops.ones((1, 2, 2, 3)), 2, 3, "channels_last").shape
        (1, 4, 6, 3)
    """
    from rkeras.layers import UpSampling2D

    # A name, so that layers of the user are counted as if there was none here.
    layer = UpSampling2D((height_factor, width_factor), data_format, interpolation, name="resize_images")
    return layer(x)


def resize_volumes(x: Any, depth_factor: int, height_factor: int, width_factor: int, data_format: str) -> Any:
    """Volumes enlarged by whole factors, each element repeated.

    Example:
        >>> resize_volumes(ops.ones((1, 2, 2, 2, 1)), 1, 2, 3, "channels_last").shape
        (1, 2, 4, 6, 1)
    """
    first = 2 if standardize_data_format(data_format) == "channels_first" else 1
    for axis, factor in enumerate((depth_factor, height_factor, width_factor), first):
        x = ops.repeat(x, factor, axis)
    return x


def temporal_padding(x: Any, padding: Any = (1, 1)) -> Any:
    """Zeros before and after each sequence.

    Example:
        >>> temporal_padding(ops.ones((1, 2, 3))).shape
        (1, 4, 3)
    """
    return ops.pad(x, ((0, 0), tuple(padding), (0, 0)))


def _padded(x: Any, padding: Any, data_format: str | None) -> Any:
    widths = [tuple(pair) for pair in padding]
    first = standardize_data_format(data_format) == "channels_first"
    return ops.pad(x, ((0, 0), (0, 0), *widths) if first else ((0, 0), *widths, (0, 0)))


def spatial_2d_padding(x: Any, padding: Any = ((1, 1), (1, 1)), data_format: str | None = None) -> Any:
    """Zeros around images.

    Example:
        >>> spatial_2d_padding(ops.ones((1, 2, 2, 3)), data_format="channels_last").shape
        (1, 4, 4, 3)
    """
    return _padded(x, padding, data_format)


def spatial_3d_padding(x: Any, padding: Any = ((1, 1), (1, 1), (1, 1)), data_format: str | None = None) -> Any:
    """Zeros around volumes.

    Example:
        >>> spatial_3d_padding(ops.ones((1, 2, 2, 2, 3)), data_format="channels_last").shape
        (1, 4, 4, 4, 3)
    """
    return _padded(x, padding, data_format)
