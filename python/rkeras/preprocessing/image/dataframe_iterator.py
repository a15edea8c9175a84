"""Batches of pictures whose file names stand in a table."""

from __future__ import annotations

import os
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from rkeras.preprocessing.image.file_batches import FileIterator

_CLASSES = ("categorical", "binary", "sparse")


class DataFrameIterator(FileIterator):
    """Batches of pictures named by a pandas table; made by ``ImageDataGenerator.flow_from_dataframe``.

    Args:
        dataframe: the table.
        directory: what paths in it start from.
        image_data_generator: varies the pictures; None for as they are.
        x_col: the column with file names.
        y_col: the column with labels; a list of columns for ``multi_output``.
        weight_col: the column with sample weights.
        target_size: (rows, columns) of all pictures.
        color_mode: ``rgb``, ``rgba`` or ``grayscale``.
        classes: the classes, in the order of their numbers; all, sorted, by default. Others are left out.
        class_mode: labels are ``categorical`` (one-hot rows; of several classes for lists), ``binary`` or
            ``sparse`` (numbers), ``raw`` (as in the table), ``multi_output`` (of several columns), ``input`` (the
            pictures themselves) or None.
        batch_size: pictures in a batch.
        shuffle: whether each epoch has another order.
        seed: makes order and variations the same each time.
        data_format: where channels are.
        save_to_dir: a directory that what is made is written to.
        save_prefix: first part of the names there.
        save_format: their ending.
        subset: ``training`` or ``validation``, if the generator has a ``validation_split``.
        interpolation: how pictures are resized.
        keep_aspect_ratio: whether margins are cut off so that resizing does not distort.
        dtype: of the pictures.
        validate_filenames: whether rows without a picture are left out, with a warning.

    Raises:
        TypeError: a column has not what the mode needs.
        ValueError: a mode is not known, or ``binary`` has not two classes.
    """

    allowed_class_modes = (*_CLASSES, "input", "multi_output", "raw", None)

    def __init__(
        self,
        dataframe: Any,
        directory: Any = None,
        image_data_generator: Any = None,
        x_col: str = "filename",
        y_col: Any = "class",
        weight_col: str | None = None,
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
        subset: str | None = None,
        interpolation: str = "nearest",
        keep_aspect_ratio: bool = False,
        dtype: Any = None,
        validate_filenames: bool = True,
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
        self.directory = os.fspath(directory or "")
        names: list[Any] = dataframe[x_col].tolist()
        if not all(isinstance(name, str) for name in names):
            raise TypeError(f"flow_from_dataframe: column {x_col!r} must hold strings only")
        rows = list(range(len(names)))
        if validate_filenames:
            rows = [row for row in rows if self._is_picture(names[row])]
            if len(rows) < len(names):
                warnings.warn(
                    f"flow_from_dataframe: {len(names) - len(rows)} of {len(names)} names in column {x_col!r} are no "
                    "pictures and are left out",
                    stacklevel=3,
                )
        labels: list[Any] = []
        if class_mode in _CLASSES:
            labels = dataframe[y_col].tolist()
            rows = self._take_classes(rows, labels, y_col, classes)
        elif class_mode == "multi_output" and not isinstance(y_col, list):
            raise TypeError(f"flow_from_dataframe: multi_output needs a list of columns as y_col, got {y_col!r}")
        rows = rows[self._part(len(rows))]
        if class_mode in _CLASSES:
            self.classes = [_numbers(labels[row], self.class_indices) for row in rows]
        elif class_mode == "multi_output":
            self.targets = [np.array(dataframe[column].tolist())[rows] for column in y_col]
        elif class_mode == "raw":
            self.targets = dataframe[y_col].to_numpy()[rows]
        if weight_col:
            weights = dataframe[weight_col].to_numpy()
            if weights.dtype.kind not in "iuf":
                raise TypeError(f"flow_from_dataframe: weights in column {weight_col!r} must be numbers")
            self.sample_weight = weights[rows]
        self.filenames = [names[row] for row in rows]
        self.filepaths = [os.path.join(self.directory, name) for name in self.filenames]
        kind = "validated" if validate_filenames else "non-validated"
        of_classes = f" belonging to {self.num_classes} classes" if class_mode in _CLASSES else ""
        print(f"Found {len(rows)} {kind} image filenames{of_classes}.")
        self._count(batch_size, shuffle, seed, **kwargs)

    def _is_picture(self, name: str) -> bool:
        path = os.path.join(self.directory, name)
        return path.lower().endswith(self.white_list_formats) and os.path.isfile(path)

    def _take_classes(self, rows: list[int], labels: list[Any], y_col: str, classes: Sequence[str] | None) -> list[int]:
        """Numbers the classes; takes those that are not asked for out of the labels; gives the rows that remain."""
        kinds: Any = (str, list, tuple) if self.class_mode == "categorical" else str
        if not all(isinstance(label, kinds) for label in labels):
            wanted = "strings or lists of them" if self.class_mode == "categorical" else "strings"
            raise TypeError(f"flow_from_dataframe: class_mode={self.class_mode!r} needs {wanted} in column {y_col!r}")
        if classes:
            found = list(dict.fromkeys(classes))
            for row, label in enumerate(labels):
                labels[row] = [c for c in _as_list(label) if c in found] if not isinstance(label, str) else label
            rows = [row for row in rows if labels[row] and set(_as_list(labels[row])) <= set(found)]
        else:
            found = sorted({c for row in rows for c in _as_list(labels[row])})
        if self.class_mode == "binary" and len(found) != 2:
            raise ValueError(f"flow_from_dataframe: class_mode='binary' needs two classes, got {found}")
        self.class_indices = {name: number for number, name in enumerate(found)}
        return rows


def _as_list(label: Any) -> list[str]:
    return [label] if isinstance(label, str) else list(label)


def _numbers(label: Any, indices: dict[str, int]) -> Any:
    return indices[label] if isinstance(label, str) else [indices[c] for c in label]
