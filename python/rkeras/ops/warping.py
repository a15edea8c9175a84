"""Pictures whose pixels come from elsewhere."""

from __future__ import annotations

from typing import Any

from rkeras import _engine, ops
from rkeras.ops._dispatch import symbolic
from rkeras.ops._pictures import on_pictures
from rkeras.ops.filtering import blur
from rkeras.ops.sampling import FILL_MODES, ORDERS, sample

__all__ = ["affine_transform", "elastic_transform", "perspective_transform"]


def _check(name: str, interpolation: str, fill_mode: str) -> None:
    if interpolation not in ORDERS:
        raise ValueError(f"{name}: interpolation must be one of {tuple(ORDERS)}, got {interpolation!r}")
    if fill_mode not in FILL_MODES:
        raise ValueError(f"{name}: fill_mode must be one of {FILL_MODES}, got {fill_mode!r}")


def at_places(images: Any, rows: Any, columns: Any, interpolation: str, fill_mode: str, fill_value: float) -> Any:
    """The values of pictures between their pixels.

    Args:
        images: (batch, rows, columns, channels).
        rows: where to look (batch or 1, new rows, new columns).
        columns: likewise.
        interpolation: ``nearest`` or ``bilinear``.
        fill_mode: what lies beyond the border.
        fill_value: the constant.

    Returns:
        (batch, new rows, new columns, channels).

    Example:
        >>> at = ops.array([[[0.5]]])
        >>> picture = ops.array([[[[1.0], [2]], [[3], [4]]]])
        >>> at_places(picture, at, at, "bilinear", "reflect", 0.0).numpy().ravel().tolist()
        [2.5]
    """
    batch, height, width, channels = images.shape
    flat = ops.reshape(images, (batch * height * width, channels))
    starts = ops.reshape(ops.arange(batch, dtype="int32") * (height * width), (batch, 1, 1))
    return sample(flat, (height, width), (rows, columns), ORDERS[interpolation], fill_mode, fill_value, starts)


def warped(images: Any, matrices: Any, interpolation: str, fill_mode: str, fill_value: float) -> Any:
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
        >>> warped(row, shift, "bilinear", "constant", 0.0).numpy().ravel().tolist()
        [2.0, 3.0, 0.0]
    """
    _, height, width, _ = images.shape
    floating = matrices.dtype if matrices.dtype == "float64" else "float32"
    m = ops.reshape(ops.cast(matrices, floating), (-1, 8, 1, 1))
    x = ops.reshape(ops.arange(width, dtype=floating), (1, 1, width))
    y = ops.reshape(ops.arange(height, dtype=floating), (1, height, 1))
    k = m[:, 6] * x + m[:, 7] * y + 1.0
    rows, columns = (m[:, 3] * x + m[:, 4] * y + m[:, 5]) / k, (m[:, 0] * x + m[:, 1] * y + m[:, 2]) / k
    return at_places(images, rows, columns, interpolation, fill_mode, fill_value)


@symbolic
def affine_transform(
    images: Any,
    transform: Any,
    interpolation: str = "bilinear",
    fill_mode: str = "constant",
    fill_value: float = 0,
    data_format: str | None = None,
) -> Any:
    """Pictures turned, zoomed, sheared and moved.

    Args:
        images: (batch, rows, columns, channels) or one of them; or channels first.
        transform: eight numbers a, b, c, d, e, f, g, h for each picture, or for all: the new pixel (x, y) is the old
            one at ``((a x + b y + c) / k, (d x + e y + f) / k)`` with ``k = g x + h y + 1``.
        interpolation: ``nearest`` or ``bilinear``.
        fill_mode: what lies beyond the border: ``constant``, ``nearest``, ``wrap``, ``mirror`` or ``reflect``.
        fill_value: the constant.
        data_format: where channels are; as configured by default.

    Returns:
        Pictures of the same shape.

    Raises:
        ValueError: another shape, interpolation or fill mode.

    Example:
        >>> import rkeras
        >>> picture = [[[1.0], [2.0], [3.0]]]
        >>> rkeras.ops.image.affine_transform(picture, [1.0, 0, 1, 0, 1, 0, 0, 0]).tolist()
        [[[2.0], [3.0], [0.0]]]
    """
    _check("affine_transform", interpolation, fill_mode)
    transform = _engine.convert(transform)
    if transform.ndim not in (1, 2) or transform.shape[-1] != 8:
        raise ValueError(f"affine_transform: expected transforms (batch, 8) or (8,), got shape {transform.shape}")
    matrices = ops.reshape(transform, (-1, 8))
    return on_pictures(
        "affine_transform", images, data_format, lambda x: warped(x, matrices, interpolation, fill_mode, fill_value)
    )


def _homography(old: Any, new: Any) -> Any:
    """The eight numbers of the transform that finds the old corners (batch, 4, 2) at the new ones."""
    x, y = new[..., 0], new[..., 1]
    none, one = ops.zeros_like(x), ops.ones_like(x)
    columns = ops.stack([x, y, one, none, none, none, -old[..., 0] * x, -old[..., 0] * y], axis=-1)
    rows = ops.stack([none, none, none, x, y, one, -old[..., 1] * x, -old[..., 1] * y], axis=-1)
    return ops.solve(ops.concatenate([columns, rows], axis=1), ops.concatenate([old[..., 0], old[..., 1]], axis=1))


@symbolic
def perspective_transform(
    images: Any,
    start_points: Any,
    end_points: Any,
    interpolation: str = "bilinear",
    fill_value: float = 0,
    data_format: str | None = None,
) -> Any:
    """Pictures seen from another place.

    Args:
        images: (batch, rows, columns, channels) or one of them; or channels first.
        start_points: four points (x, y) of each picture (batch, 4, 2), or of all (4, 2).
        end_points: where they go.
        interpolation: ``nearest`` or ``bilinear``.
        fill_value: what lies beyond the border.
        data_format: where channels are; as configured by default.

    Returns:
        Pictures of the same shape.

    Raises:
        ValueError: another shape or interpolation.

    Example:
        >>> import rkeras
        >>> corners = [[0.0, 0.0], [2.0, 0.0], [0.0, 2.0], [2.0, 2.0]]
        >>> rkeras.ops.image.perspective_transform(rkeras.ops.ones((3, 3, 1)), corners, corners).shape
        (3, 3, 1)
    """
    _check("perspective_transform", interpolation, "constant")
    old, new = (ops.cast(points, "float32") for points in (start_points, end_points))
    if old.shape != new.shape or old.ndim not in (2, 3) or old.shape[-2:] != (4, 2):
        raise ValueError(
            f"perspective_transform: expected points (batch, 4, 2) or (4, 2), got shapes {old.shape} and {new.shape}"
        )
    matrices = _homography(*(ops.reshape(points, (-1, 4, 2)) for points in (old, new)))
    return on_pictures(
        "perspective_transform",
        images,
        data_format,
        lambda x: warped(x, matrices, interpolation, "constant", fill_value),
    )


@symbolic
def elastic_transform(
    images: Any,
    alpha: Any = 20.0,
    sigma: Any = 5.0,
    interpolation: str = "bilinear",
    fill_mode: str = "reflect",
    fill_value: float = 0.0,
    seed: Any = None,
    data_format: str | None = None,
) -> Any:
    """Pictures bent at random, neighbouring pixels alike.

    Args:
        images: (batch, rows, columns, channels) or one of them; or channels first.
        alpha: how far pixels move.
        sigma: over how many pixels the movement is smoothed.
        interpolation: ``nearest`` or ``bilinear``.
        fill_mode: what lies beyond the border: ``constant``, ``nearest``, ``wrap``, ``mirror`` or ``reflect``.
        fill_value: the constant.
        seed: an int or a ``SeedGenerator``.
        data_format: where channels are; as configured by default.

    Returns:
        Pictures of the same shape.

    Raises:
        ValueError: another shape, interpolation or fill mode.

    Example:
        >>> import rkeras
        >>> rkeras.ops.image.elastic_transform(rkeras.ops.ones((8, 8, 3)), seed=1).shape
        (8, 8, 3)
    """
    from rkeras.random import normal

    _check("elastic_transform", interpolation, fill_mode)

    def bent(x: Any) -> Any:
        batch, height, width, _ = x.shape
        window = int(6 * float(sigma)) | 1
        # Both directions in one draw, as channels.
        moves = normal((batch, height, width, 2), stddev=float(sigma), seed=seed)
        moves = blur(moves, (window, window), (float(sigma), float(sigma))) * float(alpha)
        rows = ops.reshape(ops.arange(height, dtype="float32"), (1, height, 1)) + moves[..., 0]
        columns = ops.reshape(ops.arange(width, dtype="float32"), (1, 1, width)) + moves[..., 1]
        return at_places(x, rows, columns, interpolation, fill_mode, fill_value)

    return on_pictures("elastic_transform", images, data_format, bent)
