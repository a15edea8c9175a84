"""Batches of pictures in memory."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import numpy.typing as npt

from rkeras import config
from rkeras.ops._arguments import channels_first
from rkeras.preprocessing.image.iterator import Iterator, save_pictures

Array = npt.NDArray[Any]


class NumpyArrayIterator(Iterator):
    """Batches of pictures from an array; made by ``ImageDataGenerator.flow``.

    Args:
        x: pictures (samples, rows, columns, channels), or a pair of them and further inputs.
        y: labels, or None.
        image_data_generator: varies them.
        batch_size: pictures in a batch.
        shuffle: whether each epoch has another order.
        sample_weight: weights of the samples.
        seed: makes order and variations the same each time.
        data_format: where channels are.
        save_to_dir: a directory that what is made is written to.
        save_prefix: first part of the names there.
        save_format: their ending.
        subset: ``training`` or ``validation``, if the generator has a ``validation_split``.
        ignore_class_split: whether the two may have different classes.
        dtype: of the pictures.

    Raises:
        ValueError: lengths differ, pictures have not four axes, or classes of the two parts differ.

    Example:
        >>> from rkeras.preprocessing.image import ImageDataGenerator
        >>> flow = ImageDataGenerator(rescale=0.5).flow(np.ones((3, 2, 2, 1)), [0, 1, 2], batch_size=2, shuffle=False)
        >>> x, y = flow[0]
        >>> float(x[0, 0, 0, 0]), y.tolist()
        (0.5, [0, 1])
    """

    def __init__(
        self,
        x: Any,
        y: Any,
        image_data_generator: Any,
        batch_size: int = 32,
        shuffle: bool = False,
        sample_weight: Any = None,
        seed: int | None = None,
        data_format: str | None = None,
        save_to_dir: str | None = None,
        save_prefix: str = "",
        save_format: str = "png",
        subset: str | None = None,
        ignore_class_split: bool = False,
        dtype: Any = None,
        **kwargs: Any,
    ) -> None:
        self.data_format = "channels_first" if channels_first(data_format) else "channels_last"
        self.dtype = dtype or config.floatx()
        others: list[Any] = []
        if isinstance(x, (tuple, list)):
            x, more = x
            others = [np.asarray(o) for o in (more if isinstance(more, list) else [more])]
        columns = {"further inputs": others, "labels": [y], "sample weights": [sample_weight]}
        for name, arrays in columns.items():
            for array in arrays:
                if array is not None and len(array) != len(x):
                    raise ValueError(f"NumpyArrayIterator: {len(x)} pictures but {len(array)} {name}")
        y = None if y is None else np.asarray(y)
        sample_weight = None if sample_weight is None else np.asarray(sample_weight)
        if subset is not None:
            part = image_data_generator.part(len(x), subset)
            if y is not None and not ignore_class_split:
                _check_classes(y, part)
            x, others = x[part], [o[part] for o in others]
            y = None if y is None else y[part]
            sample_weight = None if sample_weight is None else sample_weight[part]
        self.x: Array = np.asarray(x, self.dtype)
        if self.x.ndim != 4:
            raise ValueError(f"NumpyArrayIterator: expected pictures with 4 axes in all, got shape {self.x.shape}")
        channels = self.x.shape[1 if channels_first(data_format) else 3]
        if channels not in (1, 3, 4):
            warnings.warn(
                f"NumpyArrayIterator: shape {self.x.shape} means {channels} channels as {self.data_format}; "
                "pictures have 1, 3 or 4",
                stacklevel=3,
            )
        self.x_misc, self.y, self.sample_weight = others, y, sample_weight
        self.image_data_generator = image_data_generator
        self.save_to_dir, self.save_prefix, self.save_format = save_to_dir, save_prefix, save_format
        super().__init__(len(self.x), batch_size, shuffle, seed, **kwargs)

    def _get_batches_of_transformed_samples(self, index_array: Array) -> Any:
        batch = np.zeros((len(index_array), *self.x.shape[1:]), self.dtype)
        for row, number in zip(batch, index_array, strict=True):
            varied = self.image_data_generator.random_transform(self.x[number])
            # A copy: standardize changes what it is given.
            row[...] = self.image_data_generator.standardize(np.array(varied, self.dtype))
        if self.save_to_dir:
            save_pictures(batch, index_array, self.save_to_dir, self.save_prefix, self.save_format, self.data_format)
        inputs = [batch, *(o[index_array] for o in self.x_misc)] if self.x_misc else batch
        if self.y is None:
            return inputs
        if self.sample_weight is None:
            return inputs, self.y[index_array]
        return inputs, self.y[index_array], self.sample_weight[index_array]


def _check_classes(y: Array, part: slice) -> None:
    inside = np.zeros(len(y), bool)
    inside[part] = True
    if not np.array_equal(np.unique(y[inside], axis=0), np.unique(y[~inside], axis=0)):
        raise ValueError(
            "flow: training and validation part have different classes; shuffle sorted data before, or pass "
            "ignore_class_split=True"
        )
