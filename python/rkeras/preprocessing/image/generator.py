"""Pictures varied at random while they are trained on."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from rkeras import config
from rkeras.ops._arguments import channels_first
from rkeras.preprocessing.image.affine import apply_affine_transform
from rkeras.preprocessing.image.array_iterator import NumpyArrayIterator
from rkeras.preprocessing.image.colours import apply_brightness_shift, apply_channel_shift
from rkeras.preprocessing.image.dataframe_iterator import DataFrameIterator
from rkeras.preprocessing.image.directory_iterator import DirectoryIterator

Array = npt.NDArray[Any]


class ImageDataGenerator:
    """Normalises pictures and varies them at random, batch by batch.

    Args:
        featurewise_center: whether the mean of the data set is taken off; ``fit`` finds it.
        samplewise_center: whether the mean of each picture is taken off.
        featurewise_std_normalization: whether pictures are divided by the spread of the data set.
        samplewise_std_normalization: whether each picture is divided by its own spread.
        zca_whitening: whether pixels are made uncorrelated.
        zca_epsilon: keeps that from dividing by zero.
        rotation_range: largest turn, in degrees.
        width_shift_range: largest shift: below 1 a share of the width, else pixels; a list of shifts to draw from;
            an int ``n`` draws whole pixels below ``n``.
        height_shift_range: likewise up and down.
        brightness_range: least and largest brightness; 1 leaves pictures as they are.
        shear_range: largest angle of a shear, in degrees.
        zoom_range: least and largest zoom, or how far from 1.
        channel_shift_range: largest number added to a picture.
        fill_mode: what is outside: ``nearest``, ``constant``, ``reflect`` or ``wrap``.
        cval: the constant.
        horizontal_flip: whether half of the pictures are mirrored.
        vertical_flip: whether half of them are turned upside down.
        rescale: a factor, such as 1/255.
        preprocessing_function: from a picture to a picture, after the variations.
        data_format: where channels are; as configured by default.
        validation_split: share of the data that ``subset="validation"`` has.
        interpolation_order: 0 takes the nearest pixel, 1 lies between four.
        dtype: of the pictures.

    Raises:
        ValueError: an argument makes no sense.

    Example:
        >>> x = np.ones((4, 8, 8, 3))
        >>> flow = ImageDataGenerator(rotation_range=20, horizontal_flip=True).flow(x, [0, 1, 0, 1], batch_size=2)
        >>> next(flow)[0].shape
        (2, 8, 8, 3)
    """

    def __init__(
        self,
        featurewise_center: bool = False,
        samplewise_center: bool = False,
        featurewise_std_normalization: bool = False,
        samplewise_std_normalization: bool = False,
        zca_whitening: bool = False,
        zca_epsilon: float = 1e-6,
        rotation_range: float = 0,
        width_shift_range: Any = 0.0,
        height_shift_range: Any = 0.0,
        brightness_range: Sequence[float] | None = None,
        shear_range: float = 0.0,
        zoom_range: Any = 0.0,
        channel_shift_range: float = 0.0,
        fill_mode: str = "nearest",
        cval: float = 0.0,
        horizontal_flip: bool = False,
        vertical_flip: bool = False,
        rescale: float | None = None,
        preprocessing_function: Callable[[Array], Array] | None = None,
        data_format: str | None = None,
        validation_split: float = 0.0,
        interpolation_order: int = 1,
        dtype: Any = None,
    ) -> None:
        first = channels_first(data_format)
        self.data_format = "channels_first" if first else "channels_last"
        self.channel_axis, self.row_axis, self.col_axis = (1, 2, 3) if first else (3, 1, 2)
        self.dtype = dtype or config.floatx()
        if validation_split and not 0 < validation_split < 1:
            raise ValueError(f"validation_split must be between 0 and 1, got {validation_split}")
        self._validation_split = validation_split
        if np.ndim(zoom_range) == 0:
            zoom_range = (1 - zoom_range, 1 + zoom_range)
        for name, pair in (("zoom_range", zoom_range), ("brightness_range", brightness_range)):
            if pair is not None and len(pair) != 2:
                raise ValueError(f"{name} must be two numbers, got {pair!r}")
        self.zoom_range, self.brightness_range = list(zoom_range), brightness_range
        self.rotation_range, self.shear_range = rotation_range, shear_range
        self.width_shift_range, self.height_shift_range = width_shift_range, height_shift_range
        self.channel_shift_range, self.fill_mode, self.cval = channel_shift_range, fill_mode, cval
        self.horizontal_flip, self.vertical_flip = horizontal_flip, vertical_flip
        self.rescale, self.preprocessing_function = rescale, preprocessing_function
        self.interpolation_order = interpolation_order
        if zca_whitening and featurewise_std_normalization:
            warnings.warn("zca_whitening replaces featurewise_std_normalization", stacklevel=2)
            featurewise_std_normalization = False
        # Both start from the mean, and division by the spread makes sense only without it.
        self.featurewise_center = featurewise_center or zca_whitening or featurewise_std_normalization
        self.samplewise_center = samplewise_center or samplewise_std_normalization
        self.featurewise_std_normalization = featurewise_std_normalization
        self.samplewise_std_normalization = samplewise_std_normalization
        self.zca_whitening, self.zca_epsilon = zca_whitening, zca_epsilon
        self.mean: Array | None = None
        self.std: Array | None = None
        self.zca_whitening_matrix: Array | None = None

    def part(self, count: int, subset: str) -> slice:
        """Which of so many samples are those of a subset; validation has the first ones.

        Args:
            count: number of samples.
            subset: ``training`` or ``validation``.

        Raises:
            ValueError: another subset.
        """
        held = int(count * self._validation_split)
        if subset not in ("training", "validation"):
            raise ValueError(f"subset must be 'training' or 'validation', got {subset!r}")
        return slice(held) if subset == "validation" else slice(held, None)

    def flow(
        self,
        x: Any,
        y: Any = None,
        batch_size: int = 32,
        shuffle: bool = True,
        sample_weight: Any = None,
        seed: int | None = None,
        save_to_dir: str | None = None,
        save_prefix: str = "",
        save_format: str = "png",
        ignore_class_split: bool = False,
        subset: str | None = None,
    ) -> NumpyArrayIterator:
        """Batches of pictures in memory; for the arguments see ``NumpyArrayIterator``."""
        return NumpyArrayIterator(
            x,
            y,
            self,
            batch_size,
            shuffle,
            sample_weight,
            seed,
            self.data_format,
            save_to_dir,
            save_prefix,
            save_format,
            subset,
            ignore_class_split,
            self.dtype,
        )

    def flow_from_directory(self, directory: Any, *args: Any, **kwargs: Any) -> DirectoryIterator:
        """Batches of pictures from a directory with a folder for each class.

        Args:
            directory: the directory.
            args: ``target_size``, ``color_mode``, ``classes``, ``class_mode``, ``batch_size``, ``shuffle``, ``seed``.
            kwargs: these and the others of ``DirectoryIterator``.
        """
        return DirectoryIterator(
            directory, self, *args, **{"data_format": self.data_format, "dtype": self.dtype, **kwargs}
        )

    def flow_from_dataframe(
        self, dataframe: Any, directory: Any = None, *args: Any, **kwargs: Any
    ) -> DataFrameIterator:
        """Batches of pictures whose file names stand in a pandas table.

        Args:
            dataframe: the table.
            directory: what paths in it start from.
            args: ``x_col``, ``y_col``, ``weight_col``, ``target_size``, ``color_mode``, ``classes``, ``class_mode``…
            kwargs: these and the others of ``DataFrameIterator``.
        """
        for old in ("has_ext", "sort", "drop_duplicates"):
            if old in kwargs:
                warnings.warn(f"`{old}` has no effect any more.", DeprecationWarning, stacklevel=2)
                kwargs.pop(old)
        if kwargs.get("class_mode") == "other":
            warnings.warn("class_mode 'other' is now 'raw'.", DeprecationWarning, stacklevel=2)
            kwargs["class_mode"] = "raw"
        return DataFrameIterator(
            dataframe, directory, self, *args, **{"data_format": self.data_format, "dtype": self.dtype, **kwargs}
        )

    def standardize(self, x: Array) -> Array:
        """Normalises a picture, or a batch, of floats; changes it in place.

        Args:
            x: the picture.

        Returns:
            The normalised picture.
        """
        if self.preprocessing_function is not None:
            x = self.preprocessing_function(x)
        if self.rescale:
            x *= self.rescale
        if self.samplewise_center:
            x -= np.mean(x, keepdims=True)
        if self.samplewise_std_normalization:
            x /= np.std(x, keepdims=True) + 1e-6
        if self.featurewise_center and self._is_fitted(self.mean, "featurewise_center"):
            x -= self.mean
        if self.featurewise_std_normalization and self._is_fitted(self.std, "featurewise_std_normalization"):
            x /= self.std + 1e-6  # type: ignore[operator]
        if self.zca_whitening and self._is_fitted(self.zca_whitening_matrix, "zca_whitening"):
            x = (x.reshape(-1, int(np.prod(x.shape[-3:]))) @ self.zca_whitening_matrix).reshape(x.shape)
        return x

    def _is_fitted(self, value: Array | None, name: str) -> bool:
        if value is None:
            warnings.warn(f"ImageDataGenerator: {name} has no effect before fit(x) was called", stacklevel=3)
        return value is not None

    def get_random_transform(self, img_shape: Sequence[int], seed: int | None = None) -> dict[str, Any]:
        """Draws how a picture is varied.

        Args:
            img_shape: its shape.
            seed: of NumPy's random numbers.

        Returns:
            The parameters of ``apply_transform``.
        """
        if seed is not None:
            np.random.seed(seed)

        def within(most: float) -> float:
            return float(np.random.uniform(-most, most)) if most else 0.0

        # The order of the draws is that of Keras, so that a seed makes the same pictures.
        theta = within(self.rotation_range)
        tx = _shift(self.height_shift_range, img_shape[self.row_axis - 1])
        ty = _shift(self.width_shift_range, img_shape[self.col_axis - 1])
        shear = within(self.shear_range)
        brightness = self.brightness_range
        zx, zy = (1, 1) if self.zoom_range == [1, 1] else np.random.uniform(self.zoom_range[0], self.zoom_range[1], 2)
        return {
            "theta": theta,
            "tx": tx,
            "ty": ty,
            "shear": shear,
            "zx": zx,
            "zy": zy,
            "flip_horizontal": bool(np.random.random() < 0.5) and self.horizontal_flip,
            "flip_vertical": bool(np.random.random() < 0.5) and self.vertical_flip,
            "channel_shift_intensity": within(self.channel_shift_range) if self.channel_shift_range else None,
            "brightness": None if brightness is None else np.random.uniform(brightness[0], brightness[1]),
        }

    def apply_transform(self, x: Any, transform_parameters: dict[str, Any]) -> Array:
        """Varies a picture in a given way.

        Args:
            x: the picture.
            transform_parameters: ``theta``, ``tx``, ``ty``, ``shear``, ``zx``, ``zy``, ``flip_horizontal``,
                ``flip_vertical``, ``channel_shift_intensity`` and ``brightness``, each if wanted.

        Returns:
            A picture of the same shape.
        """
        p = transform_parameters
        row, column, channel = self.row_axis - 1, self.col_axis - 1, self.channel_axis - 1
        varied = apply_affine_transform(
            x,
            p.get("theta", 0),
            p.get("tx", 0),
            p.get("ty", 0),
            p.get("shear", 0),
            p.get("zx", 1),
            p.get("zy", 1),
            row,
            column,
            channel,
            self.fill_mode,
            self.cval,
            self.interpolation_order,
        )
        if p.get("channel_shift_intensity") is not None:
            varied = apply_channel_shift(varied, p["channel_shift_intensity"], channel)
        if p.get("flip_horizontal", False):
            varied = np.flip(varied, column)
        if p.get("flip_vertical", False):
            varied = np.flip(varied, row)
        if p.get("brightness") is not None:
            varied = apply_brightness_shift(varied, p["brightness"], scale=False)
        return varied

    def random_transform(self, x: Any, seed: int | None = None) -> Array:
        """Varies a picture at random.

        Args:
            x: the picture, with three axes.
            seed: of NumPy's random numbers.

        Returns:
            A picture of the same shape.
        """
        return self.apply_transform(x, self.get_random_transform(np.shape(x), seed))

    def fit(self, x: Any, augment: bool = False, rounds: int = 1, seed: int | None = None) -> None:
        """Finds mean, spread and correlations of a data set, as far as they are needed.

        Args:
            x: pictures, with four axes.
            augment: whether varied pictures are taken.
            rounds: how many of each then.
            seed: of NumPy's random numbers.

        Raises:
            ValueError: the pictures have not four axes.
        """
        x = np.array(x, self.dtype)
        if x.ndim != 4:
            raise ValueError(f"ImageDataGenerator.fit: expected pictures with 4 axes in all, got shape {x.shape}")
        if seed is not None:
            np.random.seed(seed)
        if self.rescale:
            x *= self.rescale
        if augment:
            x = np.stack([self.random_transform(picture) for _ in range(rounds) for picture in x])
        shape = [1, 1, 1]
        shape[self.channel_axis - 1] = x.shape[self.channel_axis]
        axes = (0, self.row_axis, self.col_axis)
        if self.featurewise_center:
            self.mean = np.mean(x, axis=axes).reshape(shape)
            x -= self.mean
        if self.featurewise_std_normalization:
            self.std = np.std(x, axis=axes).reshape(shape)
            x /= self.std + 1e-6
        if self.zca_whitening:
            pixels = x.reshape(len(x), -1)
            directions, sizes, _ = np.linalg.svd(pixels.T, full_matrices=False)
            scale = np.sqrt(len(x)) / (sizes + self.zca_epsilon)
            self.zca_whitening_matrix = (directions * scale) @ directions.T


def _shift(most: Any, size: int) -> float:
    """A random shift in pixels."""
    if not np.any(most):
        return 0.0
    if np.ndim(most) or isinstance(most, (int, np.integer)):
        shift = float(np.random.choice(most) * np.random.choice([-1, 1]))
    else:
        shift = float(np.random.uniform(-most, most))
    return shift * size if np.max(most) < 1 else shift
