"""Pictures cut, framed, and cut into windows."""

from __future__ import annotations

from typing import Any

from rkeras import _engine, ops
from rkeras.ops._arguments import channels_first
from rkeras.ops._pictures import picture_axes
from rkeras.ops._tables import named
from rkeras.ops.patches import patches

__all__ = ["crop_images", "extract_patches", "extract_patches_3d", "pad_images"]


def _margins(
    name: str, what: str, old: int, before: Any, after: Any, target: Any, sign: int, sides: tuple[str, str, str]
) -> tuple[int, int]:
    """Both margins of an axis, given two of them and the size that results."""
    given = {side: value for side, value in zip(sides, (before, after, target), strict=True) if value is not None}
    if len(given) != 2:
        raise ValueError(f"{name}: exactly two of {', '.join(sides)} must be given, got {given}")
    change = sign * (target - old) if target is not None else 0
    before, after = (change - after if before is None else before), (change - before if after is None else after)
    if before < 0 or after < 0:
        raise ValueError(
            f"{name}: {sides[0]} and {sides[1]} must not be negative, got {before} and {after} for {old} {what}"
        )
    return int(before), int(after)


_FRAME_DOC = """{summary}

Of the two margins and the size along an axis, two must be given.

Args:
    images: (batch, rows, columns, channels) or one of them; or channels first.
    top_{word}: rows {how} above.
    left_{word}: columns {how} on the left.
    bottom_{word}: rows {how} below.
    right_{word}: columns {how} on the right.
    target_height: rows of the result.
    target_width: columns of the result.
    data_format: where channels are; as configured by default.

Returns:
    Pictures of another size.

Raises:
    ValueError: another rank, too few or too many sizes, or a negative margin.

Example:
    >>> import rkeras
    >>> pictures = rkeras.ops.ones((2, 4, 4, 3))
    >>> rkeras.ops.image.{name}(pictures, 1, 1, 1, 1).shape
    {shape}
"""


def _framed(name: str, images: Any, sides: list[Any], word: str, sign: int, data_format: str | None) -> Any:
    images = _engine.convert(images)
    rows, columns, _ = picture_axes(name, images, data_format)
    top, left, bottom, right, height, width = sides
    widths = [(0, 0)] * images.ndim
    names = (f"top_{word}", f"bottom_{word}", "target_height"), (f"left_{word}", f"right_{word}", "target_width")
    widths[rows] = _margins(name, "rows", images.shape[rows], top, bottom, height, sign, names[0])
    widths[columns] = _margins(name, "columns", images.shape[columns], left, right, width, sign, names[1])
    if sign > 0:
        return ops.pad(images, widths)
    size = [n - before - after for n, (before, after) in zip(images.shape, widths, strict=True)]
    if min(size[rows], size[columns]) < 0:
        raise ValueError(f"{name}: pictures of shape {images.shape} are smaller than what is cut off")
    return ops.slice(images, [before for before, _ in widths], size)


def _crop(
    images: Any,
    top_cropping: int | None = None,
    left_cropping: int | None = None,
    bottom_cropping: int | None = None,
    right_cropping: int | None = None,
    target_height: int | None = None,
    target_width: int | None = None,
    data_format: str | None = None,
) -> Any:
    sides = [top_cropping, left_cropping, bottom_cropping, right_cropping, target_height, target_width]
    return _framed("crop_images", images, sides, "cropping", -1, data_format)


def _pad(
    images: Any,
    top_padding: int | None = None,
    left_padding: int | None = None,
    bottom_padding: int | None = None,
    right_padding: int | None = None,
    target_height: int | None = None,
    target_width: int | None = None,
    data_format: str | None = None,
) -> Any:
    sides = [top_padding, left_padding, bottom_padding, right_padding, target_height, target_width]
    return _framed("pad_images", images, sides, "padding", 1, data_format)


crop_images = named(
    _crop,
    "crop_images",
    _FRAME_DOC,
    summary="Cuts margins off pictures.",
    word="cropping",
    how="cut off",
    shape=(2, 2, 2, 3),
)
pad_images = named(
    _pad,
    "pad_images",
    _FRAME_DOC,
    summary="Puts zeros around pictures.",
    word="padding",
    how="added",
    shape=(2, 6, 6, 3),
)

_PATCHES_DOC = """The windows of {what} as channels.

Args:
    {argument}: (batch, {axes}, channels) or one of them; or channels first.
    size: of a window, one number or one an axis.
    strides: how far it moves; its size by default.
    dilation_rate: distance between the elements of a window.
    padding: ``valid`` or ``same``.
    data_format: where channels are; as configured by default.

Returns:
    As many places as there are windows, each with all elements of its window as channels.

Raises:
    ValueError: another rank.

Example:
    >>> import rkeras
    >>> rkeras.ops.image.{name}(rkeras.ops.ones({example}), 2).shape
    {shape}
"""


def _windows(
    images: Any,
    size: Any,
    strides: Any = None,
    dilation_rate: Any = 1,
    padding: str = "valid",
    data_format: str | None = None,
) -> Any:
    rank = 2 if isinstance(size, int) else len(size)
    return patches("extract_patches", images, size, strides, dilation_rate, padding, channels_first(data_format), rank)


def _windows_3d(
    volumes: Any,
    size: Any,
    strides: Any = None,
    dilation_rate: Any = 1,
    padding: str = "valid",
    data_format: str | None = None,
) -> Any:
    return patches("extract_patches_3d", volumes, size, strides, dilation_rate, padding, channels_first(data_format), 3)


extract_patches = named(
    _windows, "extract_patches", _PATCHES_DOC, what="pictures, or of volumes if ``size`` has three numbers,",
    argument="images", axes="rows, columns", example=(1, 4, 4, 3), shape=(1, 2, 2, 12),
)  # fmt: skip
extract_patches_3d = named(
    _windows_3d, "extract_patches_3d", _PATCHES_DOC, what="volumes", argument="volumes", axes="depth, rows, columns",
    example=(1, 4, 4, 4, 1), shape=(1, 2, 2, 2, 8),
)  # fmt: skip
