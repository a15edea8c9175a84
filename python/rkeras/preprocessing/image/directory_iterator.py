"""Batches of pictures from a directory with one folder for each class."""

from __future__ import annotations

import os
from collections.abc import Iterator as AnyIterator
from collections.abc import Sequence
from typing import Any

import numpy as np

from rkeras.preprocessing.image.file_batches import FileIterator


class DirectoryIterator(FileIterator):
    """Batches of pictures from a directory; made by ``ImageDataGenerator.flow_from_directory``.

    Args:
        directory: has a folder for each class.
        image_data_generator: varies the pictures; None for as they are.
        target_size: (rows, columns) of all pictures.
        color_mode: ``rgb``, ``rgba`` or ``grayscale``.
        classes: names of the folders, in the order of their numbers; all, sorted, by default.
        class_mode: labels are ``categorical`` (one-hot rows), ``binary`` or ``sparse`` (numbers), ``input`` (the
            pictures themselves) or None.
        batch_size: pictures in a batch.
        shuffle: whether each epoch has another order.
        seed: makes order and variations the same each time.
        data_format: where channels are.
        save_to_dir: a directory that what is made is written to.
        save_prefix: first part of the names there.
        save_format: their ending.
        follow_links: whether links to folders are followed.
        subset: ``training`` or ``validation``, if the generator has a ``validation_split``.
        interpolation: how pictures are resized.
        keep_aspect_ratio: whether margins are cut off so that resizing does not distort.
        dtype: of the pictures.

    Attributes:
        class_indices: the number of each class.
        classes: the class number of each picture.
        filenames: names of the files, from ``directory`` on.
        samples: how many there are.

    Raises:
        ValueError: a mode is not known.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     os.mkdir(os.path.join(folder, "cats"))
        ...     DirectoryIterator(folder, None).class_indices
        Found 0 images belonging to 1 classes.
        {'cats': 0}
    """

    def __init__(
        self,
        directory: Any,
        image_data_generator: Any,
        target_size: Sequence[int] = (256, 256),
        color_mode: str = "rgb",
        classes: Sequence[str] | None = None,
        class_mode: str | None = "categorical",
        batch_size: int = 32,
        shuffle: bool = True,
        seed: int | None = None,
        data_format: str | None = None,
        save_to_dir: str | None = None,
        save_prefix: str = "",
        save_format: str = "png",
        follow_links: bool = False,
        subset: str | None = None,
        interpolation: str = "nearest",
        keep_aspect_ratio: bool = False,
        dtype: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            image_data_generator,
            target_size,
            color_mode,
            class_mode,
            data_format,
            save_to_dir,
            save_prefix,
            save_format,
            subset,
            interpolation,
            keep_aspect_ratio,
            dtype,
        )
        self.directory = os.fspath(directory)
        if not classes:
            with os.scandir(self.directory) as entries:
                classes = sorted(entry.name for entry in entries if entry.is_dir())
        self.class_indices = {name: number for number, name in enumerate(classes)}
        numbers: list[int] = []
        for name, number in self.class_indices.items():
            files = list(_pictures(os.path.join(self.directory, name), self.white_list_formats, follow_links))
            # Each class is divided, so that both parts have all of them.
            files = files[self._part(len(files))]
            self.filenames += [os.path.relpath(file, self.directory) for file in files]
            numbers += [number] * len(files)
        self.classes = np.array(numbers, "int32")
        self.filepaths = [os.path.join(self.directory, name) for name in self.filenames]
        print(f"Found {len(self.filenames)} images belonging to {self.num_classes} classes.")
        self._count(batch_size, shuffle, seed, **kwargs)


def _pictures(folder: str, endings: tuple[str, ...], follow_links: bool) -> AnyIterator[str]:
    """All files in a folder and below whose names end like those of pictures, in the order of their paths."""
    for root, _, names in sorted(os.walk(folder, followlinks=follow_links)):
        for name in sorted(names):
            if name.lower().endswith(endings):
                yield os.path.join(root, name)
