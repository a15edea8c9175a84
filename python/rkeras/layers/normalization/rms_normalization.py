"""Root mean square normalization."""

from __future__ import annotations

from typing import Any

from rkeras import ops
from rkeras.layers._arguments import ArgumentLayer
from rkeras.layers.normalization.base_normalization import size_of


class RMSNormalization(ArgumentLayer):
    """Divides each sample by the root of its mean square (Zhang and Sennrich 2019), then scales it.

    Args:
        axis: the axis or axes.
        epsilon: added to the mean square.
        kwargs: those of ``Layer``.

    Example:
        >>> import numpy as np
        >>> RMSNormalization(epsilon=0.0)(np.array([[2.0, 2.0]])).tolist()
        [[1.0, 1.0]]
    """

    axis: Any
    epsilon: float

    def __init__(self, axis: Any = -1, epsilon: float = 1e-6, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._keep(axis=axis, epsilon=epsilon)

    def build(self, input_shape: Any) -> None:
        """Makes the scale, of the shape of the normalized axes."""
        self.axis = [self.axis] if isinstance(self.axis, int) else sorted(self.axis)
        shape = tuple(size_of("RMSNormalization", input_shape, axis) for axis in self.axis)
        self.scale = self.add_weight(name="scale", shape=shape, initializer="ones")

    def call(self, x: Any) -> Any:
        """The normalized inputs."""
        sizes = dict(zip((axis % x.ndim for axis in self.axis), self.scale.shape, strict=True))
        scale = ops.reshape(self.scale, [sizes.get(axis, 1) for axis in range(x.ndim)])
        return ops.rms_normalization(x, axis=self.axis, epsilon=self.epsilon) * scale
