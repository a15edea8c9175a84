"""What normalizing layers with a learned scale and shift share."""

from __future__ import annotations

from typing import Any

from rkeras.layers._arguments import ArgumentLayer


class ScaledNormalization(ArgumentLayer):
    """A layer with ``gamma``, which multiplies, and ``beta``, which is added, if asked for."""

    center: bool
    scale: bool
    epsilon: float
    axis: Any

    def _keep_scaling(self, axis: Any, epsilon: float, center: bool, scale: bool, **objects: Any) -> None:
        self._keep(axis=axis, epsilon=float(epsilon), center=center, scale=scale, **objects)
        self.gamma: Any = None
        self.beta: Any = None

    def _make_scaling(self, shape: tuple[int, ...]) -> None:
        if None in shape:
            raise ValueError(
                f"{type(self).__name__} needs to know the size of what it normalizes (axis {self.axis}); "
                "it is None"
            )
        if self.scale:
            self.gamma = self._weight("gamma", shape, autocast=False)
        if self.center:
            self.beta = self._weight("beta", shape, autocast=False)


def size_of(layer: str, shape: Any, axis: int) -> Any:
    """The size of an axis; ValueError if there is no such axis.

    Args:
        layer: class of the layer, for the error.
        shape: the input's shape.
        axis: which one, from the end if negative.

    Example:
        >>> size_of("BatchNormalization", (None, 3), -1)
        3
    """
    if not -len(shape) <= axis < len(shape):
        raise ValueError(f"{layer}: there is no axis {axis} in an input of shape {tuple(shape)}")
    return shape[axis]
