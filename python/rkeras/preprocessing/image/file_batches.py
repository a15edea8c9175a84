"""Batches of pictures that are read from files."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from rkeras import config
from rkeras.ops._arguments import channels_first
from rkeras.preprocessing.image.iterator import Iterator, save_pictures
from rkeras.preprocessing.image.pictures import img_to_array, load_img

Array = npt.NDArray[Any]

_CHANNELS = {"rgb": 3, "rgba": 4, "grayscale": 1}


class FileIterator(Iterator):
    """What reads pictures from files; subclasses say which, and what they show.

    They set ``filenames``, ``filepaths``, ``classes`` (numbers), ``class_indices`` (numbers of names), and
    ``targets`` where labels are no classes, then call ``_count``.

    Args:
        image_data_generator: varies the pictures; None for as they are.
        target_size: (rows, columns) of all pictures.
        color_mode: ``rgb``, ``rgba`` or ``grayscale``.
        class_mode: what labels are.
        data_format: where channels are.
        save_to_dir: a directory that what is made is written to.
        save_prefix: first part of the names there.
        save_format: their ending.
        subset: ``training`` or ``validation``.
        interpolation: how pictures are resized.
        keep_aspect_ratio: whether margins are cut off so that resizing does not distort.
        dtype: of the pictures.
    """

    allowed_class_modes: tuple[str | None, ...] = ("categorical", "binary", "sparse", "input", None)

    def __init__(
        self,
        image_data_generator: Any,
        target_size: Sequence[int],
        color_mode: str,
        class_mode: str | None,
        data_format: str | None,
        save_to_dir: str | None,
        save_prefix: str,
        save_format: str,
        subset: str | None,
        interpolation: str,
        keep_aspect_ratio: bool,
        dtype: Any,
    ) -> None:
        if color_mode not in _CHANNELS:
            raise ValueError(f"color_mode must be one of {tuple(_CHANNELS)}, got {color_mode!r}")
        if class_mode not in self.allowed_class_modes:
            raise ValueError(f"class_mode must be one of {self.allowed_class_modes}, got {class_mode!r}")
        self.image_data_generator = image_data_generator
        self.target_size: tuple[int, ...] = tuple(target_size)
        self.color_mode, self.class_mode = color_mode, class_mode
        channels = (_CHANNELS[color_mode],)
        first = channels_first(data_format)
        self.data_format = "channels_first" if first else "channels_last"
        self.image_shape = channels + self.target_size if first else self.target_size + channels
        self.save_to_dir, self.save_prefix, self.save_format = save_to_dir, save_prefix, save_format
        self.subset, self.interpolation, self.keep_aspect_ratio = subset, interpolation, keep_aspect_ratio
        self.dtype = dtype or config.floatx()
        self.filenames: list[str] = []
        self.filepaths: list[str] = []
        self.classes: Any = None
        self.class_indices: dict[str, int] = {}
        self.targets: Any = None
        self.sample_weight: Array | None = None

    def _part(self, count: int) -> slice:
        return slice(None) if self.subset is None else self.image_data_generator.part(count, self.subset)

    def _count(self, batch_size: int, shuffle: bool, seed: int | None, **kwargs: Any) -> None:
        """Finishes what the constructor began, when the files are known."""
        self.samples = len(self.filenames)
        Iterator.__init__(self, self.samples, batch_size, shuffle, seed, **kwargs)

    @property
    def num_classes(self) -> int:
        """How many classes there are."""
        return len(self.class_indices)

    @property
    def labels(self) -> Any:
        """The class number of each sample, or what its labels are otherwise."""
        return self.classes if self.targets is None else self.targets

    def _read(self, path: str) -> Array:
        img = load_img(path, self.color_mode, self.target_size, self.interpolation, self.keep_aspect_ratio)
        picture = img_to_array(img, self.data_format, self.dtype)
        if self.image_data_generator is None:
            return picture
        varied = self.image_data_generator.random_transform(picture)
        found: Array = self.image_data_generator.standardize(np.array(varied, self.dtype))
        return found

    def _get_batches_of_transformed_samples(self, index_array: Array) -> Any:
        batch = np.zeros((len(index_array), *self.image_shape), self.dtype)
        for row, number in zip(batch, index_array, strict=True):
            row[...] = self._read(self.filepaths[number])
        if self.save_to_dir:
            save_pictures(batch, index_array, self.save_to_dir, self.save_prefix, self.save_format, self.data_format)
        if self.class_mode is None:
            return batch
        labels = self._labels_of(batch, index_array)
        if self.sample_weight is None:
            return batch, labels
        return batch, labels, self.sample_weight[index_array]

    def _labels_of(self, batch: Array, index_array: Array) -> Any:
        if self.class_mode == "input":
            return batch.copy()
        if self.class_mode == "multi_output":
            return [target[index_array] for target in self.targets]
        if self.class_mode == "raw":
            return self.targets[index_array]
        numbers = [self.classes[i] for i in index_array]
        if self.class_mode in ("binary", "sparse"):
            return np.asarray(numbers, self.dtype)
        rows = np.zeros((len(numbers), self.num_classes), self.dtype)
        for row, classes in zip(rows, numbers, strict=True):
            row[classes] = 1.0
        return rows
