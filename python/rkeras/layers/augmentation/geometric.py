"""Pictures flipped, turned, zoomed, moved and sheared."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from rkeras import ops
from rkeras.layers._arguments import one_of
from rkeras.layers.augmentation.base import RandomPictureLayer, uniform
from rkeras.ops.sampling import FILL_MODES
from rkeras.ops.warping import warped


class RandomFlip(RandomPictureLayer):
    """Flips pictures, in half of the cases.

    Args:
        mode: ``horizontal``, ``vertical`` or ``horizontal_and_vertical`` (both at once).
        seed: determines the draws.
        data_format: where channels are; as configured by default.
        kwargs: those of ``Layer``.

    Example:
        >>> import numpy as np
        >>> layer = RandomFlip("horizontal", seed=1)
        >>> layer(np.zeros((8, 4, 4, 3))).shape
        (8, 4, 4, 3)
    """

    _moves = True
    mode: str

    def __init__(
        self,
        mode: str = "horizontal_and_vertical",
        seed: int | None = None,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(seed=seed, data_format=data_format, **kwargs)
        self._keep(mode=one_of("RandomFlip", "mode", mode, ("horizontal", "vertical", "horizontal_and_vertical")))

    def _draw(self, batch: int, height: int, width: int, seed: Any) -> Any:
        return {"flips": uniform(seed, (batch, 1, 1, 1), 0.0, 1.0) <= 0.5}

    def _apply(self, images: Any, transformation: Any, interpolation: str) -> Any:
        flips = ops.reshape(transformation["flips"], (-1, 1, 1, 1))
        axes = {"horizontal": (2,), "vertical": (1,)}.get(self.mode, (1, 2))
        return ops.where(flips, ops.flip(images, axes), images)


class RandomWarp(RandomPictureLayer):
    """A layer whose transformations are matrices: ``_matrices`` makes them of what ``_draw`` gave."""

    _moves = True
    fill_mode: str
    interpolation: str
    fill_value: float

    def __init__(
        self,
        fill_mode: str = "reflect",
        interpolation: str = "bilinear",
        seed: int | None = None,
        fill_value: float = 0.0,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(seed=seed, data_format=data_format, **kwargs)
        name = type(self).__name__
        self._keep(
            fill_mode=one_of(name, "fill_mode", fill_mode, FILL_MODES),
            interpolation=one_of(name, "interpolation", interpolation, ("nearest", "bilinear")),
            fill_value=fill_value,
        )

    def _matrices(self, transformation: Any, height: int, width: int) -> Any:
        """The parameters of ``warped`` (batch, 8)."""
        raise NotImplementedError

    def _apply(self, images: Any, transformation: Any, interpolation: str) -> Any:
        matrices = self._matrices(transformation, images.shape[1], images.shape[2])
        return warped(images, matrices, interpolation, self.fill_mode, self.fill_value)


def _stacked(*columns: Any) -> Any:
    """Columns, or numbers for all pictures, side by side; with the two that no layer here needs."""
    batch = next(column.shape[0] for column in columns if hasattr(column, "shape"))
    filled = [column if hasattr(column, "shape") else ops.full((batch,), float(column)) for column in columns]
    return ops.stack([*filled, ops.zeros((batch,)), ops.zeros((batch,))], axis=1)


def _plain(factor: Any) -> Any:
    """A factor as it is again after a record was read."""
    return tuple(factor) if isinstance(factor, list) else factor


class RandomRotation(RandomWarp):
    """Turns pictures about their middle.

    Args:
        factor: the largest angle, as a part of a full turn, either way; or the least and the largest.
        fill_mode: what lies beyond the border: ``reflect``, ``wrap``, ``constant``, ``nearest`` or ``mirror``.
        interpolation: ``nearest`` or ``bilinear``.
        seed: determines the draws.
        fill_value: for ``constant``.
        data_format: where channels are; as configured by default.
        kwargs: those of ``Layer``.

    Example:
        >>> import numpy as np
        >>> RandomRotation(0.1)(np.zeros((8, 4, 4, 3))).shape
        (8, 4, 4, 3)
    """

    factor: tuple[float, float]

    def __init__(self, factor: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._keep_factor(factor)

    def _draw(self, batch: int, height: int, width: int, seed: Any) -> Any:
        angle = uniform(seed, (batch,), self.factor[0] * 360.0, self.factor[1] * 360.0)
        a = angle * (math.pi / 180.0)
        cos, sin = ops.cos(a), ops.sin(a)
        x, y = (width - 1) / 2, (height - 1) / 2
        matrix = _stacked(cos, -sin, x - x * cos + y * sin, sin, cos, y - x * sin - y * cos)
        return {"angle": angle, "rotation_matrix": matrix}

    def _matrices(self, transformation: Any, height: int, width: int) -> Any:
        return transformation["rotation_matrix"]


class RandomZoom(RandomWarp):
    """Zooms into pictures, or out of them.

    Args:
        height_factor: by how much at most, either way, as a part of the height; or the least and the largest.
            Positive numbers zoom out.
        width_factor: likewise; that of the height by default, so that nothing is distorted.
        fill_mode: what lies beyond the border: ``reflect``, ``wrap``, ``constant``, ``nearest`` or ``mirror``.
        interpolation: ``nearest`` or ``bilinear``.
        seed: determines the draws.
        fill_value: for ``constant``.
        data_format: where channels are; as configured by default.
        kwargs: those of ``Layer``.

    Example:
        >>> import numpy as np
        >>> RandomZoom(0.1)(np.zeros((8, 4, 4, 3))).shape
        (8, 4, 4, 3)
    """

    height_factor: Any
    width_factor: Any

    def __init__(self, height_factor: Any, width_factor: Any = None, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._height = self._range(height_factor, "height_factor", (-1.0, 1.0))
        self._width = None if width_factor is None else self._range(width_factor, "width_factor", (-1.0, 1.0))
        self._keep(height_factor=_plain(height_factor), width_factor=_plain(width_factor))

    def _draw(self, batch: int, height: int, width: int, seed: Any) -> Any:
        zoom = uniform(seed, (batch, 1), 1.0 + self._height[0], 1.0 + self._height[1])
        across = zoom
        if self._width is not None:
            across = uniform(seed, (batch, 1), 1.0 + self._width[0], 1.0 + self._width[1])
        return {"height_zoom": zoom, "width_zoom": across}

    def _matrices(self, transformation: Any, height: int, width: int) -> Any:
        x, y = (ops.reshape(transformation[key], (-1,)) for key in ("width_zoom", "height_zoom"))
        return _stacked(x, 0, (width - 1) / 2 * (1.0 - x), 0, y, (height - 1) / 2 * (1.0 - y))


class RandomTranslation(RandomWarp):
    """Moves pictures.

    Args:
        height_factor: how far down at most, or up, as a part of the height; or the least and the largest.
        width_factor: likewise to the right.
        fill_mode: what lies beyond the border: ``reflect``, ``wrap``, ``constant``, ``nearest`` or ``mirror``.
        interpolation: ``nearest`` or ``bilinear``.
        seed: determines the draws.
        fill_value: for ``constant``.
        data_format: where channels are; as configured by default.
        kwargs: those of ``Layer``.

    Example:
        >>> import numpy as np
        >>> RandomTranslation(0.1, 0.2)(np.zeros((8, 4, 4, 3))).shape
        (8, 4, 4, 3)
    """

    height_factor: Any
    width_factor: Any

    def __init__(self, height_factor: Any, width_factor: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._height = self._range(height_factor, "height_factor", (-1.0, 1.0))
        self._width = self._range(width_factor, "width_factor", (-1.0, 1.0))
        self._keep(height_factor=_plain(height_factor), width_factor=_plain(width_factor))

    def _draw(self, batch: int, height: int, width: int, seed: Any) -> Any:
        down = uniform(seed, (batch, 1), *self._height) * float(height)
        right = uniform(seed, (batch, 1), *self._width) * float(width)
        return {"translations": ops.concatenate([right, down], axis=1)}

    def _matrices(self, transformation: Any, height: int, width: int) -> Any:
        moved = ops.convert_to_tensor(transformation["translations"], "float32")
        return _stacked(1, 0, -moved[:, 0], 0, 1, -moved[:, 1])


class RandomShear(RandomWarp):
    """Shears pictures: rows slide over each other, and columns.

    Args:
        x_factor: by how much at most rows slide; or the least and the largest.
        y_factor: likewise columns.
        interpolation: ``nearest`` or ``bilinear``.
        fill_mode: what lies beyond the border: ``reflect``, ``wrap``, ``constant``, ``nearest`` or ``mirror``.
        fill_value: for ``constant``.
        data_format: where channels are; as configured by default.
        seed: determines the draws.
        kwargs: those of ``Layer``.

    Example:
        >>> import numpy as np
        >>> RandomShear(0.1, 0.2)(np.zeros((8, 4, 4, 3))).shape
        (8, 4, 4, 3)
    """

    x_factor: tuple[float, float]
    y_factor: tuple[float, float]

    def __init__(
        self,
        x_factor: Any = 0.0,
        y_factor: Any = 0.0,
        interpolation: str = "bilinear",
        fill_mode: str = "reflect",
        fill_value: float = 0.0,
        data_format: str | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(fill_mode, interpolation, seed, fill_value, data_format, **kwargs)
        for name, factor in (("x_factor", x_factor), ("y_factor", y_factor)):
            if np.min(factor) < 0:
                raise ValueError(f"RandomShear: {name} must lie between 0 and 1, got {factor!r}")
            self._keep(**{name: self._range(factor, name, (-1.0, 1.0))})

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> RandomShear:
        """Makes a layer from ``get_config``, whose factors are the least and the largest."""
        layer = cls(**{**config, "x_factor": 0.0, "y_factor": 0.0})
        for name in ("x_factor", "y_factor"):
            layer._keep(**{name: layer._range(config.get(name, 0.0), name, (-1.0, 1.0))})
        return layer

    def _draw(self, batch: int, height: int, width: int, seed: Any) -> Any:
        sign = ops.where(uniform(seed, (batch, 1), 0.0, 1.0) > 0.5, -1.0, 1.0)
        y = uniform(seed, (batch, 1), *self.y_factor)
        x = uniform(seed, (batch, 1), *self.x_factor)
        return {"shear_factor": ops.concatenate([x, y], axis=1) * sign}

    def _matrices(self, transformation: Any, height: int, width: int) -> Any:
        shear = ops.convert_to_tensor(transformation["shear_factor"], "float32")
        return _stacked(1, shear[:, 0], 0, shear[:, 1], 1, 0)
