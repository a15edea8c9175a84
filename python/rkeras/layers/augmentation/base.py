"""What layers that change pictures at random have in common."""

from __future__ import annotations

from typing import Any

from rkeras import config, ops
from rkeras.layers._arguments import ArgumentLayer
from rkeras.random import distributions
from rkeras.random.seed_generator import SeedGenerator


class RandomPictureLayer(ArgumentLayer):
    """Draws a transformation for each picture in training, and applies it.

    Pictures have three axes, or four with the batch first. A dict of ``images``, ``labels`` and
    ``segmentation_masks`` is changed together. Subclasses define ``_draw`` and ``_apply``, which see batches with
    channels last.
    """

    # Limits of the argument ``factor``.
    _bounds: tuple[float, float] = (-1.0, 1.0)
    # Whether pixels move: then those of masks do, too.
    _moves = False
    data_format: str
    seed: int | None

    def __init__(self, seed: int | None = None, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._keep(seed=seed, data_format=config.standardize_data_format(data_format))
        self.generator = SeedGenerator(seed)
        self.built = True

    def _draw(self, batch: int, height: int, width: int, seed: Any) -> Any:
        """A transformation of each picture."""
        raise NotImplementedError

    def _apply(self, images: Any, transformation: Any, interpolation: str) -> Any:
        """Pictures (batch, rows, columns, channels), changed."""
        raise NotImplementedError

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> Any:
        """A transformation for each picture; None outside of training.

        Args:
            data: the pictures, or a dict of them.
            training: whether there is to be one.
            seed: of the draws; the layer's own sequence by default.
        """
        images = data["images"] if isinstance(data, dict) else data
        shape = tuple(images.shape)
        if len(shape) not in (3, 4):
            raise ValueError(f"{self.name} takes pictures with 3 or 4 axes, got shape {shape}")
        if not training:
            return None
        height, width = shape[-2:] if self.data_format == "channels_first" else shape[-3:-1]
        batch = shape[0] if len(shape) == 4 else 1
        return self._draw(batch, height, width, self.generator if seed is None else seed)

    def transform_images(self, images: Any, transformation: Any, training: bool = True) -> Any:
        """Pictures, changed.

        Args:
            images: the pictures.
            transformation: what ``get_random_transformation`` gave.
            training: whether they are to be changed.
        """
        images = ops.cast(images, self.compute_dtype)
        if not training or transformation is None:
            return images
        return self._transformed(images, transformation, getattr(self, "interpolation", "bilinear"))

    def transform_segmentation_masks(self, masks: Any, transformation: Any, training: bool = True) -> Any:
        """The classes of pixels, which move as they do."""
        if not training or transformation is None or not self._moves:
            return masks
        return self._transformed(ops.cast(masks, self.compute_dtype), transformation, "nearest")

    def transform_labels(self, labels: Any, transformation: Any, training: bool = True) -> Any:
        """The labels, which stay."""
        return labels

    def _transformed(self, images: Any, transformation: Any, interpolation: str) -> Any:
        first, single = self.data_format == "channels_first", len(images.shape) == 3
        if single:
            images = ops.expand_dims(images, 0)
        if first:
            images = ops.transpose(images, (0, 2, 3, 1))
        images = self._apply(images, transformation, interpolation)
        if first:
            images = ops.transpose(images, (0, 3, 1, 2))
        return ops.squeeze(images, 0) if single else images

    def call(self, data: Any, training: bool = True) -> Any:
        """The pictures, in training with changes."""
        transformation = self.get_random_transformation(data, training=training)
        if not isinstance(data, dict):
            return self.transform_images(data, transformation, training=training)
        if "bounding_boxes" in data:
            raise ValueError(f"{self.name} changes pictures, labels and masks; bounding boxes it does not know")
        changes = {
            "images": self.transform_images,
            "labels": self.transform_labels,
            "segmentation_masks": self.transform_segmentation_masks,
        }
        return {
            key: changes[key](value, transformation, training=training) if key in changes else value
            for key, value in data.items()
        }

    def _keep_factor(self, factor: Any, name: str = "factor", least: float | None = None) -> None:
        setattr(self, name, self._range(factor, name, self._bounds, least))
        self._keep(**{name: getattr(self, name)})

    def _range(
        self, factor: Any, name: str, bounds: tuple[float, float], least: float | None = None
    ) -> tuple[float, float]:
        """The least and the largest value of a factor; a single number is the largest, and negated the least."""
        if isinstance(factor, (int, float)):
            lower = max(-abs(factor), bounds[0]) if least is None else least
            found = (lower, abs(factor))
        elif isinstance(factor, (list, tuple)) and len(factor) == 2:
            found = (min(factor), max(factor))
        else:
            raise ValueError(f"{type(self).__name__}: {name} must be a number or a pair of them, got {factor!r}")
        if found[0] < bounds[0] or found[1] > bounds[1]:
            raise ValueError(
                f"{type(self).__name__}: {name} must lie between {bounds[0]} and {bounds[1]}, got {factor!r}"
            )
        return found


def uniform(seed: Any, shape: tuple[int, ...], low: float, high: float) -> Any:
    """Numbers that are all as likely.

    Args:
        seed: an int or a generator.
        shape: of the result.
        low: the least.
        high: what they stay below.

    Example:
        >>> uniform(1, (2, 3), 0.0, 1.0).shape
        (2, 3)
    """
    return distributions.uniform(shape, low, high, "float32", seed)


def range_of(layer: str, value_range: Any) -> tuple[float, float]:
    """The least and largest value of a pixel.

    Args:
        layer: class of the layer, for the error.
        value_range: what was given.

    Example:
        >>> range_of("RandomBrightness", [1, 0])
        (0, 1)
    """
    if not isinstance(value_range, (list, tuple)) or len(value_range) != 2:
        raise ValueError(f"{layer}: value_range must be the least and the largest value, got {value_range!r}")
    return min(value_range), max(value_range)
