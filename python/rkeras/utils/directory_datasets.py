"""Pictures and texts in directories, one for each class, as datasets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rkeras import config, ops
from rkeras.ops.resizing import resize
from rkeras.preprocessing.image import img_to_array, load_img
from rkeras.utils.files_of_classes import Files

_ENDINGS = (".bmp", ".gif", ".jpeg", ".jpg", ".png")


def image_dataset_from_directory(
    directory: Any,
    labels: Any = "inferred",
    label_mode: str | None = "int",
    class_names: Sequence[str] | None = None,
    color_mode: str = "rgb",
    batch_size: int | None = 32,
    image_size: Any = (256, 256),
    shuffle: bool = True,
    seed: int | None = None,
    validation_split: float | None = None,
    subset: str | None = None,
    interpolation: str = "bilinear",
    follow_links: bool = False,
    crop_to_aspect_ratio: bool = False,
    pad_to_aspect_ratio: bool = False,
    data_format: str | None = None,
    format: str = "tf",
    verbose: bool = True,
) -> Any:
    """A dataset of pictures from a directory that has a directory for each class.

    Args:
        directory: a path.
        labels: ``inferred`` from the directories, None for none, or the number of each file in sorted order.
        label_mode: ``int``, ``categorical`` (one-hot rows), ``binary`` (0.0 or 1.0) or None for no labels.
        class_names: directories that count, in the order of their numbers; all, sorted, by default.
        color_mode: ``rgb``, ``rgba`` or ``grayscale``.
        batch_size: pictures in a batch; None for single ones.
        image_size: (rows, columns) that pictures are resized to.
        shuffle: whether each pass has another order.
        seed: of the order.
        validation_split: the share of files for validation.
        subset: with a split ``training``, ``validation`` or ``both`` (two datasets).
        interpolation: ``bilinear``, ``nearest``, ``bicubic``, ``lanczos3`` or ``lanczos5``.
        follow_links: whether directories that are links count.
        crop_to_aspect_ratio: whether margins are cut off so that nothing is distorted.
        pad_to_aspect_ratio: whether margins are added so that nothing is distorted.
        data_format: where channels are; as configured by default.
        format: ``tf``: a dataset with the methods of ``tf.data.Dataset``.
        verbose: whether to print how many files there are.

    Returns:
        A dataset of float32 pictures from 0 to 255 with int32 or float32 labels; it has ``class_names`` and
        ``file_paths``.

    Raises:
        ValueError: arguments contradict each other or the directory.

    Example:
        >>> import os, tempfile
        >>> import numpy as np
        >>> from rkeras.utils import save_img
        >>> with tempfile.TemporaryDirectory() as path:
        ...     for name in ("cats", "dogs"):
        ...         os.mkdir(os.path.join(path, name))
        ...         save_img(os.path.join(path, name, "0.png"), np.zeros((4, 4, 3)))
        ...     data = image_dataset_from_directory(path, image_size=(2, 2), verbose=False)
        ...     images, labels = next(iter(data))
        >>> images.shape, sorted(labels.tolist()), data.class_names
        ((2, 2, 2, 3), [0, 1], ['cats', 'dogs'])
    """
    _check_format("image_dataset_from_directory", format)
    if isinstance(image_size, int):
        image_size = (image_size, image_size)
    data_format = config.standardize_data_format(data_format)
    files = Files("image_dataset_from_directory", directory, labels, label_mode, class_names, _ENDINGS, follow_links)

    def load(path: str) -> Any:
        pixels = ops.convert_to_tensor(img_to_array(load_img(path, color_mode), "channels_last", "float32"))
        resized = resize(
            pixels,
            tuple(image_size),
            interpolation,
            crop_to_aspect_ratio=crop_to_aspect_ratio,
            pad_to_aspect_ratio=pad_to_aspect_ratio,
            data_format="channels_last",
        )
        return ops.transpose(resized, (2, 0, 1)) if data_format == "channels_first" else resized

    return files.datasets(load, batch_size, shuffle, seed, validation_split, subset, verbose)


def text_dataset_from_directory(
    directory: Any,
    labels: Any = "inferred",
    label_mode: str | None = "int",
    class_names: Sequence[str] | None = None,
    batch_size: int | None = 32,
    max_length: int | None = None,
    shuffle: bool = True,
    seed: int | None = None,
    validation_split: float | None = None,
    subset: str | None = None,
    follow_links: bool = False,
    format: str = "tf",
    verbose: bool = True,
) -> Any:
    """A dataset of texts from a directory that has a directory of ``.txt`` files for each class.

    Args:
        directory: a path.
        labels: ``inferred`` from the directories, None for none, or the number of each file in sorted order.
        label_mode: ``int``, ``categorical`` (one-hot rows), ``binary`` (0.0 or 1.0) or None for no labels.
        class_names: directories that count, in the order of their numbers; all, sorted, by default.
        batch_size: texts in a batch; None for single ones.
        max_length: bytes that are kept of each text.
        shuffle: whether each pass has another order.
        seed: of the order.
        validation_split: the share of files for validation.
        subset: with a split ``training``, ``validation`` or ``both`` (two datasets).
        follow_links: whether directories that are links count.
        format: ``tf``: a dataset with the methods of ``tf.data.Dataset``.
        verbose: whether to print how many files there are.

    Returns:
        A dataset of strings, in arrays, with int32 or float32 labels; it has ``class_names`` and ``file_paths``.

    Raises:
        ValueError: arguments contradict each other or the directory.

    Example:
        >>> import os, pathlib, tempfile
        >>> with tempfile.TemporaryDirectory() as path:
        ...     for name in ("bad", "good"):
        ...         os.mkdir(os.path.join(path, name))
        ...         _ = pathlib.Path(path, name, "0.txt").write_text(f"a {name} film")
        ...     data = text_dataset_from_directory(path, shuffle=False, verbose=False)
        ...     texts, labels = next(iter(data))
        >>> texts.tolist(), labels.tolist()
        (['a bad film', 'a good film'], [0, 1])
    """
    _check_format("text_dataset_from_directory", format)
    files = Files("text_dataset_from_directory", directory, labels, label_mode, class_names, (".txt",), follow_links)

    def load(path: str) -> Any:
        with open(path, "rb") as file:
            return file.read(-1 if max_length is None else max_length).decode("utf-8", "ignore")

    return files.datasets(load, batch_size, shuffle, seed, validation_split, subset, verbose)


def _check_format(function: str, format: str) -> None:
    if format != "tf":
        raise ValueError(f"{function} makes datasets with the methods of tf.data.Dataset, format='tf', not {format!r}")
