"""Arrays, pictures of Pillow, and their files."""

from __future__ import annotations

import io
import os
import warnings
from typing import Any

import numpy as np
import numpy.typing as npt

from rkeras import config
from rkeras.ops._arguments import channels_first

_MODES = {1: "L", 3: "RGB", 4: "RGBA"}
_INTERPOLATIONS = ("nearest", "bilinear", "bicubic", "hamming", "box", "lanczos")
_COLOURS = {"rgb": "RGB", "rgba": "RGBA"}
# Grey pictures with more than 8 bits stay as they are.
_GREYS = ("L", "I;16", "I")


def _pillow() -> Any:
    try:
        from PIL import Image
    except ImportError:
        raise ImportError("pictures need Pillow: pip install pillow") from None
    return Image


def array_to_img(x: Any, data_format: str | None = None, scale: bool = True, dtype: Any = None) -> Any:
    """An array as a picture of Pillow.

    Args:
        x: (rows, columns, channels), or channels first; 1, 3 or 4 of them.
        data_format: where channels are; as configured by default.
        scale: whether the least number becomes black and the largest white.
        dtype: of the computation; the default float by default.

    Returns:
        A ``PIL.Image.Image``.

    Raises:
        ValueError: another rank, or another number of channels.

    Example:
        >>> array_to_img(np.zeros((2, 3, 1))).size
        (3, 2)
    """
    image = _pillow()
    x = np.asarray(x, dtype or config.floatx())
    if x.ndim != 3:
        raise ValueError(f"array_to_img: expected one picture with 3 axes, got shape {x.shape}")
    if channels_first(data_format):
        x = x.transpose(1, 2, 0)
    if x.shape[2] not in _MODES:
        raise ValueError(f"array_to_img: a picture has 1, 3 or 4 channels, got shape {x.shape}")
    if scale:
        x = x - x.min()
        top = x.max()
        x = (x / top if top else x) * 255
    if x.shape[2] > 1:
        return image.fromarray(x.astype("uint8"))
    # More than 8 bits of grey.
    return image.fromarray(x[:, :, 0].astype("int32" if x.max() > 255 else "uint8"))


def img_to_array(img: Any, data_format: str | None = None, dtype: Any = None) -> npt.NDArray[Any]:
    """A picture as an array with three axes.

    Args:
        img: a picture of Pillow, or an array of rows and columns.
        data_format: where channels go; as configured by default.
        dtype: of the array; the default float by default.

    Returns:
        An array (rows, columns, channels), or channels first.

    Raises:
        ValueError: it has another rank.

    Example:
        >>> img_to_array(array_to_img(np.ones((2, 3, 3)))).shape
        (2, 3, 3)
    """
    first = channels_first(data_format)
    x = np.asarray(img, dtype or config.floatx())
    if x.ndim == 2:
        return x[None] if first else x[:, :, None]
    if x.ndim != 3:
        raise ValueError(f"img_to_array: a picture has 2 or 3 axes, got shape {x.shape}")
    return x.transpose(2, 0, 1) if first else x


def save_img(
    path: Any,
    x: Any,
    data_format: str | None = None,
    file_format: str | None = None,
    scale: bool = True,
    **kwargs: Any,
) -> None:
    """Writes an array as a picture.

    Args:
        path: a path or an open file.
        x: the array, see ``array_to_img``.
        data_format: where channels are; as configured by default.
        file_format: such as ``png``; from the path's ending by default.
        scale: whether the least number becomes black and the largest white.
        kwargs: handed to Pillow.

    Example:
        >>> file = io.BytesIO()
        >>> save_img(file, np.zeros((2, 2, 1)), file_format="png")
        >>> file.getvalue()[1:4]
        b'PNG'
    """
    img = array_to_img(x, data_format, scale)
    if file_format is None and isinstance(path, (str, os.PathLike)):
        file_format = os.path.splitext(os.fspath(path))[1][1:].lower()
    if str(file_format).lower() in ("jpg", "jpeg"):
        file_format = "jpeg"
        if img.mode == "RGBA":
            warnings.warn("save_img: JPEG has no transparency; the picture is saved as RGB", stacklevel=2)
            img = img.convert("RGB")
    img.save(path, format=file_format, **kwargs)


def load_img(
    path: Any,
    color_mode: str = "rgb",
    target_size: Any = None,
    interpolation: str = "nearest",
    keep_aspect_ratio: bool = False,
    grayscale: bool = False,
) -> Any:
    """Reads a picture from a file.

    Args:
        path: a path or a ``BytesIO``.
        color_mode: ``rgb``, ``rgba`` or ``grayscale``.
        target_size: (rows, columns) that the picture is resized to; as it is by default.
        interpolation: ``nearest``, ``bilinear``, ``bicubic``, ``hamming``, ``box`` or ``lanczos``.
        keep_aspect_ratio: whether margins are cut off so that resizing does not distort.
        grayscale: old name for ``color_mode="grayscale"``.

    Returns:
        A ``PIL.Image.Image``.

    Raises:
        TypeError: ``path`` is neither.
        ValueError: a mode or an interpolation is not known.

    Example:
        >>> file = io.BytesIO()
        >>> save_img(file, np.zeros((2, 4, 1)), file_format="png")
        >>> load_img(file, target_size=(6, 8)).size
        (8, 6)
    """
    image = _pillow()
    if grayscale:
        warnings.warn("`grayscale=True` is now `color_mode='grayscale'`.", DeprecationWarning, stacklevel=2)
        color_mode = "grayscale"
    if color_mode != "grayscale" and color_mode not in _COLOURS:
        raise ValueError(f"load_img: color_mode must be 'rgb', 'rgba' or 'grayscale', got {color_mode!r}")
    if interpolation not in _INTERPOLATIONS:
        raise ValueError(f"load_img: interpolation must be one of {_INTERPOLATIONS}, got {interpolation!r}")
    if isinstance(path, io.BytesIO):
        img = image.open(path)
    elif isinstance(path, (str, bytes, os.PathLike)):
        # Read here: Pillow would keep the file open.
        with open(path, "rb") as file:
            img = image.open(io.BytesIO(file.read()))
    else:
        raise TypeError(f"load_img: expected a path or a BytesIO, got {type(path).__name__}")
    mode = _COLOURS.get(color_mode, img.mode if img.mode in _GREYS else "L")
    if img.mode != mode:
        img = img.convert(mode)
    size = None if target_size is None else (target_size[1], target_size[0])
    if size is None or img.size == size:
        img.load()
        return img
    box = centred_box(img.size, size) if keep_aspect_ratio else None
    return img.resize(size, image.Resampling[interpolation.upper()], box=box)


def centred_box(size: tuple[int, int], target: tuple[int, int]) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of the largest middle part of a picture that has the proportions of another.

    Args:
        size: width and height of the picture.
        target: width and height of the other.

    Example:
        >>> centred_box((10, 4), (2, 2))
        (3, 0, 7, 4)
    """
    (width, height), (target_width, target_height) = size, target
    w = max(1, min(width, height * target_width // target_height))
    h = max(1, min(height, width * target_height // target_width))
    left, top = (width - w) // 2, (height - h) // 2
    return left, top, left + w, top + h
